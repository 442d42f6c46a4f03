/**
 * The platform of a machine that is no enclave: real attestation documents, under a root that anyone with this folder can
 * sign for. For development and tests; no image contains it.
 */
import { randomBytes, sign } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AttestationRequest, Platform } from '../enclave/platform.ts'
import { type Cbor, encodeCbor } from './cbor.ts'
import { readIfThere, writePrivate } from './durable.ts'
import { developmentPcrs, measureSources } from './measurement.ts'
import { openPki } from './pki.ts'

/** COSE header `{1: -35}`: ECDSA on P-384 with SHA-384 (RFC 9053, table 1). */
const protectedHeader = Buffer.from('a1013822', 'hex')
const userDataMax = 512
const nonceMax = 512
const publicKeyMax = 1024

export interface LocalPlatformOptions {
  /** Where authority and state key are kept: private, made on first use. */
  readonly folder: string
  /** Root of the project, whose sources are measured. */
  readonly project?: string
  readonly now?: () => number
}

/** Makes the platform; the files of `folder` appear, the sources are measured once. */
export function createLocalPlatform({
  folder,
  project = join(import.meta.dirname, '..'),
  now = Date.now,
}: LocalPlatformOptions): Platform {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pki = openPki({ folder, now })
  const pcrs = developmentPcrs(measureSources(project))
  const moduleId = `i-00000000000000000-enc${randomBytes(8).toString('hex')}`
  const stateKeyPath = join(folder, 'state.key')

  return {
    attest(request) {
      const leaf = pki.leaf()
      const payload = encodeCbor(
        new Map<string, Cbor>([
          ['module_id', moduleId],
          ['digest', 'SHA384'],
          ['timestamp', now()],
          ['pcrs', pcrs],
          ['certificate', leaf.certificate],
          ['cabundle', pki.authorities],
          ...requested(request),
        ]),
      )
      // RFC 9052, section 4.4: what is signed is this structure, not the payload.
      const toBeSigned = encodeCbor(['Signature1', protectedHeader, new Uint8Array(), payload])
      const signature = sign('sha384', toBeSigned, { key: leaf.key, dsaEncoding: 'ieee-p1363' })
      return encodeCbor([protectedHeader, new Map(), payload, signature])
    },
    random: (length) => randomBytes(length),
    stateKey: {
      load: () => readIfThere(stateKeyPath),
      save(key) {
        keepEarlier(stateKeyPath)
        writePrivate(stateKeyPath, key)
      },
    },
    warnings: [
      'the state key is in a file: not for production',
      'attestation under a development root: it proves nothing to others',
    ],
  }
}

/** A key that was there before is kept beside, numbered: a genesis by mistake must not cost the state that it opened. */
function keepEarlier(path: string): void {
  const earlier = readIfThere(path)
  if (!earlier) return
  let number = 1
  while (existsSync(`${path}.${number}`)) number++
  writePrivate(`${path}.${number}`, earlier)
}

/** The members that the caller fills, null where absent, within the limits of the secure module. */
function requested({ publicKey, userData, nonce }: AttestationRequest): [string, Uint8Array | null][] {
  return [
    ['public_key', within('public_key', publicKey, publicKeyMax)],
    ['user_data', within('user_data', userData, userDataMax)],
    ['nonce', within('nonce', nonce, nonceMax)],
  ]
}

function within(name: string, value: Uint8Array | undefined, max: number): Uint8Array | null {
  if (value && value.length > max) throw new RangeError(`${name} has ${value.length} bytes, at most ${max} fit`)
  return value ?? null
}
