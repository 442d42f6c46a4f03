/** An enclave image for this machine alone: it trusts a root whose key lies in the cache, and so measures differently. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImage, gatherOutside, type Manifest } from '../../enclave/image/build.ts'
import { cache } from '../../enclave/image/debian.ts'
import { sha256 } from '../../enclave/image/hashes.ts'
import { kernelPath } from '../../enclave/image/kernel.ts'
import { openPki } from '../pki.ts'
import { qemuPath } from './qemu.ts'

const project = join(import.meta.dirname, '../..')

export interface TestImage {
  readonly eifPath: string
  readonly manifest: Manifest
  /** Where the authority is kept. */
  readonly pkiFolder: string
  /** SHA-256 of its root's DER. */
  readonly root: Uint8Array
}

/** Whether everything is built that boots an enclave here; if not, `npm run emulator` builds it. */
export const isEmulatorBuilt = (): boolean => existsSync(qemuPath()) && existsSync(kernelPath())

/** Builds the image of these sources into a folder. Takes seconds. @throws Error where the kernel is not built */
export function makeTestImage(folder: string): TestImage {
  const pkiFolder = join(cache, 'pki')
  mkdirSync(pkiFolder, { recursive: true, mode: 0o700 })
  const [rootDer] = openPki({ folder: pkiFolder, now: Date.now }).authorities
  const root = Uint8Array.from(Buffer.from(sha256(rootDer), 'hex'))
  const { eif, manifest } = buildImage(project, gatherOutside(project), { root })
  const eifPath = join(folder, 'test.eif')
  writeFileSync(eifPath, eif)
  return { eifPath, manifest, pkiFolder, root }
}
