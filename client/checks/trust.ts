/** What whoever checks believes beforehand. It must come from someone they trust, never from the daemon that is checked. */
import { awsNitroRoot } from '../../attestation/roots.ts'
import type { Measurement } from '../../attestation/verify.ts'
import { toBytes, toHex } from '../../ledger/hex.ts'
import { hex, list, nullable, object, uint, type Value } from '../../protocol/codec.ts'

const register = hex(48)

/** The file `trust.json`. */
export const trust = object({
  /** Null: whatever chain and contract the daemon names, which the checks then say. */
  chainId: nullable(uint(64)),
  contract: nullable(hex(20)),
  /** SHA-256 of the root certificate that attestation documents must lead to. */
  attestationRoot: hex(32),
  /** PCR0 to PCR2 of the images that are trusted. Empty: none is known, and what runs cannot be judged. */
  images: list(object({ pcr0: register, pcr1: register, pcr2: register }), 64),
})

export type Trust = Value<typeof trust>

/** AWS's root, and no image: what there is to believe without a file. */
export const trustDefault: Trust = { chainId: null, contract: null, attestationRoot: toHex(awsNitroRoot), images: [] }

/** The images of a trust as registers. */
export const imagesOf = ({ images }: Trust): Measurement[] =>
  images.map(({ pcr0, pcr1, pcr2 }) => [toBytes(pcr0), toBytes(pcr1), toBytes(pcr2)])
