/**
 * A throw-away certificate authority in the shape of the one that signs for Nitro enclaves: a root and an intermediate
 * that live in files, and leaves of three hours that live in memory. All on P-384 with SHA-384.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { join } from 'node:path'
import { bits, explicit, integer, isTrue, octets, oid, sequence, set, utcTime, utf8String } from './der.ts'
import { readIfThere, writePrivate } from './durable.ts'

const hourMs = 3_600_000
const leafLifetimeMs = 3 * hourMs
const authorityLifetimeMs = 10 * 365 * 24 * hourMs
/** Certificates begin a little early: whoever checks them at once may have a clock that is behind. */
const earlyMs = 3_000

const ecdsaWithSha384 = sequence(oid('1.2.840.10045.4.3.3'))

/** A certificate (DER) and the key that belongs to it. */
export interface Identity {
  readonly name: string
  readonly key: KeyObject
  readonly certificate: Uint8Array
}

export interface Pki {
  /** Root first, then the intermediate: the order of a document's `cabundle`. */
  readonly authorities: readonly [Uint8Array, Uint8Array]
  /** A leaf that is good for at least half an hour more. */
  leaf(): Identity
}

/** Opens the authority kept in `folder`, making it on first use. */
export function openPki({ folder, now }: { readonly folder: string; readonly now: () => number }): Pki {
  const shared = { from: now(), lifetimeMs: authorityLifetimeMs }
  const root = authority(join(folder, 'root'), { ...shared, name: 'Bursar development root', ca: {} })
  const intermediate = authority(join(folder, 'intermediate'), {
    ...shared,
    name: 'Bursar development zone',
    ca: { pathLength: 0 },
    issuer: root,
  })
  let leaf: Identity | undefined
  let madeAt = 0
  return {
    authorities: [root.certificate, intermediate.certificate],
    leaf() {
      if (!leaf || now() - madeAt > leafLifetimeMs - hourMs / 2) {
        madeAt = now()
        leaf = issue({
          name: 'Bursar development core',
          key: makeKey(),
          from: madeAt,
          lifetimeMs: leafLifetimeMs,
          issuer: intermediate,
        })
      }
      return leaf
    },
  }
}

/** The authority whose key and certificate are kept at `path`, made to order where there is none. */
function authority(path: string, order: Omit<Order, 'key'>): Identity {
  const [key, certificate] = [readIfThere(`${path}.key`), readIfThere(`${path}.der`)]
  if (key && certificate)
    return {
      name: order.name,
      key: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }),
      certificate,
    }
  const made = issue({ ...order, key: makeKey() })
  writePrivate(`${path}.key`, made.key.export({ format: 'der', type: 'pkcs8' }))
  writePrivate(`${path}.der`, made.certificate)
  return made
}

const makeKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey

interface Order {
  readonly name: string
  readonly key: KeyObject
  /** Present where the certificate may sign others. */
  readonly ca?: { readonly pathLength?: number }
  readonly from: number
  readonly lifetimeMs: number
  /** Absent where the certificate signs itself. */
  readonly issuer?: Identity
}

/** An X.509 v3 certificate (RFC 5280, section 4.1). */
function issue({ name, key, ca, from, lifetimeMs, issuer }: Order): Identity {
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha384,
    distinguishedName(issuer?.name ?? name),
    sequence(utcTime(from - earlyMs), utcTime(from + lifetimeMs)),
    distinguishedName(name),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    explicit(3, sequence(basicConstraints(ca), keyUsage(ca !== undefined))),
  )
  const signature = sign('sha384', body, issuer?.key ?? key)
  return { name, key, certificate: sequence(body, ecdsaWithSha384, bits(signature)) }
}

const distinguishedName = (commonName: string): Uint8Array =>
  sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))))

const critical = (id: string, value: Uint8Array): Uint8Array => sequence(oid(id), isTrue, octets(value))

function basicConstraints(ca: Order['ca']): Uint8Array {
  const pathLength = ca?.pathLength === undefined ? [] : [integer(Buffer.from([ca.pathLength]))]
  return critical('2.5.29.19', ca ? sequence(isTrue, ...pathLength) : sequence())
}

/** Authorities: digitalSignature, keyCertSign, cRLSign. A leaf: digitalSignature alone. */
const keyUsage = (isAuthority: boolean): Uint8Array =>
  critical('2.5.29.15', isAuthority ? bits(Buffer.from([0x86]), 1) : bits(Buffer.from([0x80]), 7))
