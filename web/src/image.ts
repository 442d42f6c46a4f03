/** What image an attestation document names. Unverified, for show: `verify.tsx` is where such documents are judged. */
import { openEnvelope } from '../../attestation/cose.ts'
import { imageRegisters, readDocument } from '../../attestation/document.ts'
import { Rejection } from '../../attestation/rejection.ts'
import { type Hex, toBytes, toHex } from '../../ledger/hex.ts'

/** PCR0, the measurement of the whole image; undefined where there is no document that can be read. */
export function imageIn(document: Hex | null): Hex | undefined {
  if (document === null) return undefined
  try {
    const register = readDocument(openEnvelope(toBytes(document)).payload).pcrs.get(imageRegisters[0])
    return register && toHex(register)
  } catch (error) {
    if (error instanceof Rejection) return undefined
    throw error
  }
}
