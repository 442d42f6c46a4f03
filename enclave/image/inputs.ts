/** What an image is made of beside this repository and its lockfile: versions and hashes, written down in `inputs.json`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DebianFile } from './debian.ts'

export interface Inputs {
  readonly kernel: { readonly source: DebianFile }
  readonly libraries: readonly DebianFile[]
}

export const inputs = JSON.parse(readFileSync(join(import.meta.dirname, 'inputs.json'), 'utf8')) as Inputs
