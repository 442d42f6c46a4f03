/** What an image is made of beside this repository and its lockfile: versions and hashes, written down in `inputs.json`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DebianFile } from './debian.ts'

export interface Inputs {
  readonly kernel: { readonly source: DebianFile }
  readonly libraries: readonly DebianFile[]
  /** What a compiler made of the sources of this commit: the package that it came in, and the SHA-256 of each result. */
  readonly compiled: { readonly with: string } & Readonly<Record<'kernel' | 'init' | 'addon', string>>
}

export const inputs = JSON.parse(readFileSync(join(import.meta.dirname, 'inputs.json'), 'utf8')) as Inputs
