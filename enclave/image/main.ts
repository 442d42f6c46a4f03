/** `npm run image [folder]`: builds the enclave's image and its manifest into a folder (default .build/image). */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildImage, compilerFault, gatherOutside } from './build.ts'

const project = resolve(import.meta.dirname, '../..')
const folder = resolve(process.argv[2] ?? join(project, '.build/image'))

try {
  const outside = gatherOutside(project)
  const fault = compilerFault(outside)
  if (fault) console.error(`Bursar: ${fault}`)
  const { eif, manifest } = buildImage(project, outside)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'bursar.eif'), eif)
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  console.log(JSON.stringify({ folder, bytes: eif.length, ...manifest.measurement }, null, 2))
} catch (error) {
  console.error(`Bursar: ${(error as Error).message}`)
  process.exit(1)
}
