/** What the image is sure of without being told. The measurement covers it; an image for tests has another file here. */
import { awsNitroRoot } from '../attestation/roots.ts'
import type { Measurement } from '../attestation/verify.ts'

/** SHA-256 of the DER of the one root under which documents count. */
export const root = awsNitroRoot

/** Images whose keys this one goes on with: PCR0, PCR1, PCR2 of each release that it may follow. */
export const predecessors: readonly Measurement[] = []
