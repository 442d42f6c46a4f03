/** The daemon as one file. Lives are short and many: to find and read two thousand modules would be most of their work. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const project = join(import.meta.dirname, '../..')

/** @returns the file: the same sources as the product's, with the packages that steps.ts reaches into left outside */
export async function bundleDaemon(): Promise<string> {
  const file = join(project, '.build/crash/daemon.mjs')
  const part = `${file}.${process.pid}`
  await build({
    entryPoints: [join(project, 'daemon/main.ts')],
    outfile: part,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg', 'secp256k1'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  renameSync(part, file) // another run may be starting it
  return file
}
