import { join } from 'node:path'
import { defineConfig } from 'vite'

// The daemon serves what is built here; nothing on the page comes from anywhere else.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: join(import.meta.dirname, '../.build/web'),
    emptyOutDir: true,
    target: 'es2024',
    modulePreload: false,
  },
})
