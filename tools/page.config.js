import { join } from 'node:path'
import { defineConfig } from 'vite'
import { root } from './run.js'

// The daemon serves what is built here; nothing on the page comes from anywhere else.
export default defineConfig({
  root: join(root, 'web'),
  base: './',
  build: { outDir: join(root, '.build/web'), emptyOutDir: true, target: 'es2024', modulePreload: false },
})
