/**
 * A machine for cores: every draw comes from the seed. Documents that cores judge (births, their own measurement) are
 * real; those over a core's state, which nobody here judges, are only their user data.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import type { Platform } from '../../enclave/platform.ts'
import { toHex, utf8 } from '../../ledger/hex.ts'
import type { Random } from './random.ts'

const purposeState = toHex(utf8('state\0\0\0'))
/** Chains of certificates are judged at a document's own time: any will do, if it is always the same. */
const now = () => Date.UTC(2026, 0, 1)

type Attester = Pick<Platform, 'attest' | 'trust'>
/** `here` is the one that cores trust; `elsewhere` one that a host made for itself. */
export type Authority = 'here' | 'elsewhere'
const attesters = new Map<Authority, Attester>()

/** A throw-away authority. A document asked for again is the one given before. */
function attesterOf(authority: Authority): Attester {
  const known = attesters.get(authority)
  if (known) return known
  const folder = mkdtempSync(join(tmpdir(), 'bursar-sim-'))
  const { attest, trust } = createLocalPlatform({ folder, now })
  rmSync(folder, { recursive: true })
  const documents = new Map<string, Uint8Array>()
  const attester: Attester = {
    trust,
    attest(request) {
      const userData = toHex(request.userData)
      if (userData.startsWith(purposeState)) return request.userData
      const name = request.publicKey ? userData + toHex(request.publicKey) : userData
      const document = documents.get(name) ?? attest(request)
      if (documents.size < 10_000) documents.set(name, document)
      return document
    },
  }
  attesters.set(authority, attester)
  return attester
}

/** Where a state key lies: all machines of one host share the disk. */
export interface KeyPlace {
  key?: Uint8Array
}

export function createPlatform(random: Random, place: KeyPlace, authority: Authority = 'here'): Platform {
  const { attest, trust } = attesterOf(authority)
  return {
    attest,
    trust,
    random: (length) => random.bytes(length),
    stateKey: {
      load: () => place.key && Uint8Array.from(place.key),
      save(key) {
        place.key = Uint8Array.from(key)
      },
    },
    warnings: [],
  }
}
