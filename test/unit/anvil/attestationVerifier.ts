/**
 * Verifies attestation documents with other code than that which makes them: cbor-x and node's
 * X509Certificate. Follows the rules that AWS publishes for Nitro documents.
 */
import { verify, X509Certificate } from 'node:crypto'
import { Decoder, Encoder } from 'cbor-x'

const decoder = new Decoder({ mapsAsObjects: false, useRecords: false })
const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false })

export interface Document {
  readonly moduleId: string
  readonly digest: string
  readonly timestampMs: number
  readonly pcrs: ReadonlyMap<number, Buffer>
  readonly certificate: Buffer
  readonly cabundle: readonly Buffer[]
  readonly publicKey: Buffer | null
  readonly userData: Buffer | null
  readonly nonce: Buffer | null
}

/** The document's content, if it is good under `root` at `atMs` or else at its own time. Throws an Error whose message names the first fault. */
export function verifyDocument(bytes: Uint8Array, root: Uint8Array, atMs?: number): Document {
  const [header, unprotected, payload, signature] = decoder.decode(Buffer.from(bytes))
  if (Buffer.from(header).toString('hex') !== 'a1013822' || unprotected.size !== 0) throw new Error('HEADER')
  const document = parse(decoder.decode(payload))
  const leaf = verifyChain(document, root, atMs ?? document.timestampMs)
  const toBeSigned = encoder.encode(['Signature1', header, Buffer.alloc(0), payload])
  if (signature.length !== 96) throw new Error('SIGNATURE_LENGTH')
  const key = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha384', toBeSigned, key, signature)) throw new Error('SIGNATURE')
  return document
}

function parse(members: Map<string, never>): Document {
  const optional = (name: string): Buffer | null => members.get(name) ?? null
  return {
    moduleId: members.get('module_id') as unknown as string,
    digest: members.get('digest') as unknown as string,
    timestampMs: Number(members.get('timestamp')),
    pcrs: members.get('pcrs') as unknown as Map<number, Buffer>,
    certificate: members.get('certificate') as unknown as Buffer,
    cabundle: members.get('cabundle') as unknown as Buffer[],
    publicKey: optional('public_key'),
    userData: optional('user_data'),
    nonce: optional('nonce'),
  }
}

/** Root, intermediates, leaf; the bundle's own root is ignored in favour of the one that is trusted. */
function verifyChain({ certificate, cabundle }: Document, root: Uint8Array, atMs: number): X509Certificate {
  const chain = [root, ...cabundle.slice(1), certificate].map((der) => new X509Certificate(der))
  for (const [index, link] of chain.entries()) {
    const issuer = chain[Math.max(0, index - 1)] as X509Certificate
    const isLeaf = index === chain.length - 1
    if (!link.checkIssued(issuer) || !link.verify(issuer.publicKey)) throw new Error(`CHAIN_${index}`)
    if (atMs < Date.parse(link.validFrom) || atMs > Date.parse(link.validTo)) throw new Error(`TIME_${index}`)
    checkUse(link, isLeaf, chain.length - 2 - index, index)
  }
  return chain.at(-1) as X509Certificate
}

/** An authority may sign certificates and have that many below it; a leaf may sign documents and is no authority. */
function checkUse(certificate: X509Certificate, isLeaf: boolean, below: number, index: number): void {
  const usages = extension(certificate, '0603551d0f')?.[3] ?? 0
  const [, , , , , , , pathLength = Number.POSITIVE_INFINITY] = extension(certificate, '0603551d13') ?? []
  const wanted = isLeaf ? digitalSignature : keyCertSign
  if (certificate.ca === isLeaf || (usages & wanted) === 0) throw new Error(`USE_${index}`)
  if (!isLeaf && below > pathLength) throw new Error(`PATH_${index}`)
}

const digitalSignature = 0x80
const keyCertSign = 0x04

/** Content of the extension whose identifier (DER, hex) is `id`; node does not show these two. */
function extension({ raw }: X509Certificate, id: string): Uint8Array | undefined {
  const found = raw.toString('hex').match(`${id}(?:0101ff)?04(..)`)
  if (!found) return undefined
  const start = ((found.index ?? 0) + found[0].length) / 2
  return raw.subarray(start, start + Number.parseInt(found[1] ?? '', 16))
}
