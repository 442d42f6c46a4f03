/** Whether two images are the same, and if not, where they part. */
import { z } from 'zod'

const register = z.string().regex(/^[0-9a-f]{96}$/)

export const manifestSchema = z.object({
  measurement: z.object({ pcr0: register, pcr1: register, pcr2: register }),
  inputs: z.array(z.object({ name: z.string(), version: z.string().optional(), sha256: z.string() })).min(1),
})

export type Manifest = z.infer<typeof manifestSchema>

export interface Comparison {
  readonly ours: Manifest
  /** What the operator says the image is made of. */
  readonly theirs: Manifest | undefined
  /** PCR0, PCR1, PCR2 of the running enclave. */
  readonly attested: readonly [string, string, string]
}

export interface ComparisonResult {
  readonly isSame: boolean
  readonly built: Manifest['measurement']
  readonly attested: Manifest['measurement']
  /** The first input that differs, or the part of the image where no manifest says more. */
  readonly differs: string | null
  readonly sentence: string
}

/** Compares by measurement; a manifest only explains, and only where it is the one of the image that runs. */
export function compareMeasurements({ ours, theirs, attested: [pcr0, pcr1, pcr2] }: Comparison): ComparisonResult {
  const attested = { pcr0, pcr1, pcr2 }
  const built = ours.measurement
  if (sameRegisters(built, attested))
    return { isSame: true, built, attested, differs: null, sentence: `yes: the enclave runs this image, PCR0 ${pcr0}` }
  const differs = explain(ours, theirs, attested)
  return {
    isSame: false,
    built,
    attested,
    differs,
    sentence: `no: the enclave runs another image; it differs in ${differs}`,
  }
}

function explain(ours: Manifest, theirs: Manifest | undefined, attested: Manifest['measurement']): string {
  if (!theirs) return partOf(ours.measurement, attested)
  if (!sameRegisters(theirs.measurement, attested))
    return 'all that counts: the manifest given is not of the image that runs'
  const hashes = new Map(ours.inputs.map(({ name, sha256 }) => [name, sha256]))
  const first = theirs.inputs.find(({ name, sha256 }) => hashes.get(name) !== sha256)
  const names = new Set(theirs.inputs.map(({ name }) => name))
  const { name, version } = first ?? ours.inputs.find((input) => !names.has(input.name)) ?? { name: 'how it is built' }
  return version === undefined ? name : `${name} (theirs is ${version})`
}

/** PCR1 covers kernel, command line and init, PCR2 the application. */
function partOf(ours: Manifest['measurement'], attested: Manifest['measurement']): string {
  const parts = []
  if (ours.pcr1 !== attested.pcr1) parts.push('kernel, command line or init (PCR1)')
  if (ours.pcr2 !== attested.pcr2) parts.push('the application: Node, libraries or measured code (PCR2)')
  return parts.join(' and ') || 'the order of its parts (PCR0)'
}

const sameRegisters = (a: Manifest['measurement'], b: Manifest['measurement']): boolean =>
  a.pcr0 === b.pcr0 && a.pcr1 === b.pcr1 && a.pcr2 === b.pcr2
