/** Documents of real enclaves, whose keys nobody here has. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { awsNitroRoot } from '../../../attestation/roots.ts'
import { type AttestationExpectations, verifyAttestation } from '../../../attestation/verify.ts'
import { rootOfPem } from '../../../cli/rootOfPem.ts'
import { verdict } from './maker.ts'

const folder = join(process.env.BURSAR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'vectors/nitro')

interface Known {
  readonly file: string
  readonly module_id: string
  readonly timestamp: number
  /** Hex; those that are zero are left out. */
  readonly pcrs: Record<string, string>
  readonly user_data: string | null
  readonly nonce: string | null
  readonly public_key: string | null
  readonly leaf: readonly [string, string]
}

const verdicts: Record<string, string> = {
  'veracruz.cose': 'accepted',
  'evervault-valid-nondebug.cose': 'accepted',
  'base-2026-indefinite-map.cose': 'accepted',
  'evervault-debug.cose': 'DEBUG_MODE',
  'veracruz-bad-sig.cose': 'COSE_SIGNATURE',
  'oyster-custom-root.cose': 'WRONG_ROOT',
}

describe.skipIf(!existsSync(folder))('documents of real enclaves', () => {
  const index: Known[] = existsSync(folder) ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : []
  const own = { root: awsNitroRoot, at: 'document' } as const
  const read = (file: string): Uint8Array => readFileSync(join(folder, file))
  const accepted = index.filter(({ file }) => verdicts[file] === 'accepted')
  const judge = (file: string, expected: Partial<AttestationExpectations> = {}): string =>
    verdict(read(file), { ...own, ...expected })

  test.each(index)('$file', ({ file }) => expect(judge(file)).toBe(verdicts[file]))
  test('all of them', () => expect(index.map(({ file }) => file).sort()).toEqual(Object.keys(verdicts).sort()))

  test.each(accepted)('$file says what is known of it', (known) => {
    const { document, chain, atMs } = verifyAttestation(read(known.file), own)
    const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex')
    expect(document.moduleId).toBe(known.module_id)
    expect([document.timestampMs, atMs]).toEqual([known.timestamp, known.timestamp])
    expect([document.userData, document.nonce, document.publicKey].map(hex)).toEqual([
      known.user_data,
      known.nonce,
      known.public_key,
    ])
    const notZero = [...document.pcrs].map(([n, pcr]) => [n, hex(pcr)]).filter(([, pcr]) => /[^0]/.test(String(pcr)))
    expect(Object.fromEntries(notZero)).toEqual(known.pcrs)
    expect(document.pcrs.size).toBe(16)
    expect(chain.map(({ pathLength }) => pathLength)).toEqual([Infinity, 2, 1, 0, Infinity])
    expect([chain[4]?.notBeforeMs, chain[4]?.notAfterMs]).toEqual(known.leaf.map(Date.parse))
  })

  test.each(accepted)('$file at the ends of its leaf', ({ file, leaf }) => {
    const [from = 0, to = 0] = leaf.map(Date.parse)
    expect([from - 1, from, to, to + 1].map((at) => judge(file, { at }))).toEqual([
      'NOT_YET_VALID',
      'accepted',
      'accepted',
      'EXPIRED',
    ])
  })

  test('behavior: the root is the one in the PEM file of AWS, and no other will do', () => {
    expect(rootOfPem(readFileSync(join(folder, 'AWS_NitroEnclaves_Root-G1.pem'), 'utf8'))).toEqual(awsNitroRoot)
    expect(judge('veracruz.cose', { root: new Uint8Array(32) })).toBe('WRONG_ROOT')
  })
})

if (!existsSync(folder)) console.info(`documents of real enclaves are not tested: ${folder} is not there`)
