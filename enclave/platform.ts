/** What the core needs of the machine that it runs on. Anything more would be a second way in. */
import type { Measurement } from '../attestation/verify.ts'

export interface AttestationRequest {
  /** Starts with its purpose and has a fixed length for it: no purpose passes for another. At most 512 bytes. */
  readonly userData: Uint8Array
  /** Freshness for whoever asked, at most 512 bytes. */
  readonly nonce?: Uint8Array
  /** A key to encrypt to, SPKI DER, at most 1,024 bytes. */
  readonly publicKey?: Uint8Array
}

export interface Platform {
  /** An attestation document: COSE_Sign1 (RFC 9052) in the format of the Nitro Secure Module. */
  attest(request: AttestationRequest): Uint8Array
  /** Bytes that nobody outside can guess. */
  random(length: number): Uint8Array
  /** Constants of the image: by what it judges birth certificates. */
  readonly trust: {
    /** SHA-256 of the DER of the one root under which all documents are. */
    readonly root: Uint8Array
    /** Images whose keys this one goes on with. */
    readonly predecessors: readonly Measurement[]
  }
  /** Where the key that seals states outlives a restart without KMS: on the host's disk, for development. Absent in images. */
  readonly stateKey?: {
    load(): Uint8Array | undefined
    save(key: Uint8Array): void
  }
  /** What of this platform an operator should not rely on; `status` shows it. */
  readonly warnings: readonly string[]
}
