// `npm run pack:client`: client/ as the package that npm publishes, .build/bursar-client-VERSION.tgz. Its modules stay apart,
// so that a bundler leaves out what is not used, and an auditor finds the files of this repository again.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './run.js'

/** Where it is built; its package.json makes it a package. */
export const clientFolder = join(root, '.build/client')

/** Compiles the package anew. */
export function buildClient() {
  rmSync(clientFolder, { recursive: true, force: true })
  const { status, stdout } = spawnSync('tsc', ['-p', join(root, 'client/tsconfig.package.json')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`client/ does not compile:\n${stdout}`)
  const manifest = JSON.parse(readFileSync(join(root, 'client/package.json'), 'utf8'))
  writeFileSync(join(clientFolder, 'package.json'), `${JSON.stringify(asBuilt(manifest), null, 2)}\n`)
  copyFileSync(join(root, 'LICENSE'), join(clientFolder, 'LICENSE'))
  copyFileSync(join(root, 'client/README.md'), join(clientFolder, 'README.md'))
}

/** The manifest as it is after compiling. The native primitives stay here: they would want a compiler where they are installed. */
function asBuilt(manifest) {
  const built = (file) => (file.endsWith('.ts') ? join('client', file).replace(/\.ts$/, '') : undefined)
  const exported = Object.entries(manifest.exports).map(([name, file]) => {
    const base = built(file)
    return [name, base ? { types: `./${base}.d.ts`, default: `./${base}.js` } : file]
  })
  const imports = { '#primitives': `./${built(manifest.imports['#primitives'].default)}.js` }
  return { ...manifest, exports: Object.fromEntries(exported), imports }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  buildClient()
  const { status } = spawnSync('npm', ['pack', clientFolder, '--pack-destination', join(root, '.build')], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
