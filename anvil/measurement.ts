/** What the development platform reports in place of an image's measurement: a hash over the sources that an image would hold. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const measured = ['primitives', 'attestation', 'ledger', 'protocol', 'enclave']

/** SHA-384 over name and content of every measured source, 48 bytes: a changed core has another. */
export function measureSources(project: string): Uint8Array {
  const hash = createHash('sha384')
  for (const name of globSync(`{${measured.join(',')}}/**/*.ts`, { cwd: project }).sort()) {
    const content = readFileSync(join(project, name))
    hash.update(`${name}\0${content.length}\0`).update(content)
  }
  return hash.digest()
}

/**
 * Platform configuration registers 0 to 15, 48 bytes each. 0 to 2 say what runs, and are never zero: zero is the mark of
 * a core that can be debugged. The others are as an enclave without role and signer has them.
 */
export function developmentPcrs(sources: Uint8Array): Map<number, Uint8Array> {
  const pcrs = new Map(Array.from({ length: 16 }, (_, index) => [index, new Uint8Array(48)]))
  for (const index of [0, 1, 2])
    pcrs.set(
      index,
      createHash('sha384').update(`Bursar development, PCR${index}, not an enclave\0`).update(sources).digest(),
    )
  return pcrs
}
