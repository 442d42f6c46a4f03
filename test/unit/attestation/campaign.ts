/** Judges very many spoiled documents: none may be accepted, none may end in anything but a rejection. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cbor, encodeCbor } from '../../../anvil/cbor.ts'
import { awsNitroRoot } from '../../../attestation/roots.ts'
import type { AttestationExpectations } from '../../../attestation/verify.ts'
import { fingerprint, madeAtMs, makeDocument, makeFields, rootCertificate } from './maker.ts'
import { createMutator } from './mutator.ts'

export interface Specimen {
  readonly document: Uint8Array
  readonly expected: AttestationExpectations
}

/** Good documents: three forms of our own, and those of real enclaves where they are there. */
export function specimens(): readonly Specimen[] {
  const own = { root: fingerprint(rootCertificate), at: madeAtMs }
  return [
    { document: makeDocument(), expected: own },
    { document: Buffer.concat([Buffer.from([0xd2]), makeDocument()]), expected: own },
    { document: makeDocument({ payload: indefinite(makeFields()) }), expected: own },
    ...realDocuments(),
  ]
}

/** A map as hypervisors write it since 2026. */
export const indefinite = (fields: ReadonlyMap<string, Cbor>): Uint8Array =>
  Buffer.concat([Buffer.from([0xbf]), ...[...fields].flat().map((it) => encodeCbor(it)), Buffer.from([0xff])])

function realDocuments(): Specimen[] {
  const folder = join(process.env.BURSAR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'vectors/nitro')
  if (!existsSync(folder)) return []
  const index: { file: string; timestamp: number }[] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
  return index
    .filter(({ file }) => /^(veracruz|evervault-valid-nondebug|base-2026-indefinite-map)\.cose$/.test(file))
    .map(({ file, timestamp }) => ({
      document: readFileSync(join(folder, file)),
      expected: { root: awsNitroRoot, at: timestamp },
    }))
}

export interface Campaign {
  readonly seed: number
  readonly count: number
  readonly specimens: readonly Specimen[]
  /** A code, or `accepted`. */
  readonly judge: (document: Uint8Array, expected: AttestationExpectations) => string
}

export interface Outcome {
  /** How often each verdict fell. */
  readonly verdicts: Readonly<Record<string, number>>
  readonly slowestMs: number
}

/** @throws whatever a document caused that is no rejection, and an Error for one that was accepted; both name seed and number */
export function runCampaign({ seed, count, specimens, judge }: Campaign): Outcome {
  const verdicts: Record<string, number> = {}
  let slowestMs = 0
  const mutate = createMutator(
    seed,
    specimens.map(({ document }) => document),
  )
  for (let number = 0; number < count; number++) {
    const { document, expected } = specimens[number % specimens.length] as Specimen
    const spoiled = mutate(document)
    const begun = performance.now()
    let verdict: string
    try {
      verdict = judge(spoiled, expected)
    } catch (cause) {
      throw new Error(`seed ${seed}, number ${number}: no rejection but an error`, { cause })
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun)
    // The tag around the whole is optional and unsigned: the one change that changes nothing.
    if (verdict === 'accepted' && Buffer.compare(untagged(spoiled), untagged(document)) !== 0)
      throw new Error(`seed ${seed}, number ${number}: a spoiled document was accepted`)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  }
  return { verdicts, slowestMs }
}

const untagged = (document: Uint8Array): Uint8Array => (document[0] === 0xd2 ? document.subarray(1) : document)
