/** Checkpoint and tiles as another log's client sees them: parsed, verified and added up with nothing of ours, by hand and by Sigstore's verifier. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js'
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js'
import { expect, test } from 'vitest'
import { toHex } from '../../../ledger/hex.ts'
import { recoverAddress } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import { domain } from '../ledger/support.ts'
import { createWorld, creditBatch } from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }
const sha256 = (...parts: Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

interface Verifier {
  readonly name: string
  readonly id: string
  readonly publicKey: KeyObject
}

/** A verifier key as C2SP signed-note writes it: name, key id, and the key with its type before it. */
function readVerifier(text: string): Verifier | undefined {
  const [, name, id, encoded] = /^([^+ ]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) as unknown as [
    string,
    string,
    string,
    string,
  ]
  const key = Buffer.from(encoded, 'base64')
  if (sha256(Buffer.from(`${name}\n`), key).toString('hex', 0, 4) !== id || key[0] !== 1) return undefined
  const x = key.subarray(1).toString('base64url')
  return { name, id, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) }
}

/** C2SP signed-note: text, an empty line, signature lines. @returns the text if the key's own line is right */
function openNote(note: string, { name, id, publicKey }: Verifier): string | undefined {
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  for (const line of note.slice(split + 2).split('\n')) {
    const signature = Buffer.from(line.split(' ')[2] ?? '', 'base64')
    if (line.startsWith(`\u2014 ${name} `) && signature.toString('hex', 0, 4) === id)
      return verify(null, Buffer.from(text), publicKey, signature.subarray(4)) ? text : undefined
  }
  return undefined
}

/** RFC 6962, 2.1, straight from the definition. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer
  let k = 1
  while (2 * k < leaves.length) k *= 2
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

/** RFC 6962, 2.1.1, over hashes of leaves. */
function pathOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length === 1) return []
  let k = 1
  while (2 * k < leaves.length) k *= 2
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return index < k ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - k), rootOf(left)]
}

/** What Sigstore's client of transparency logs says of an entry under a signed note. @throws where it does not stand */
function verifyBySigstore(envelope: string, { name, id, publicKey }: Verifier, proof: Proof): void {
  const authority = { logID: Buffer.from(id, 'hex'), baseURL: `https://${name}`, publicKey }
  const { index, leaf, hashes } = proof
  const entry = { inclusionProof: { checkpoint: { envelope }, logIndex: `${index}`, hashes }, canonicalizedBody: leaf }
  const checkpoint = verifyCheckpoint(entry as never, [authority as never])
  verifyMerkleInclusion(entry as never, checkpoint)
}

interface Proof {
  readonly index: number
  readonly leaf: Buffer
  readonly hashes: readonly Buffer[]
}

test('default: a checkpoint and its tiles stand for any client of transparency logs', {
  timeout: 120_000,
}, async () => {
  const { client, url } = await createWorld().startOpen(slow)
  expect((await fetch(`${url}/checkpoint`)).status).toBe(404) // nothing is signed yet
  const count = 260
  for (let i = 0; i < count; i++) await client.sendBatch(creditBatch(BigInt(i), 1n))

  const response = await fetch(`${url}/checkpoint`)
  const note = await response.text()
  const verifier = readVerifier(response.headers.get('verifier-key') as string) as Verifier
  const text = openNote(note, verifier) as string
  const [origin, size, root] = text.split('\n')
  expect({ origin, size }).toEqual({ origin: `bursar/eip155/31337/${domain.verifyingContract}`, size: `${count + 1}` })
  expect(openNote(note.replace(`\n${size}\n`, '\n7\n'), verifier)).toBeUndefined()

  const tile = async (path: string): Promise<Buffer[]> => {
    const answer = await fetch(`${url}/tile/${path}`)
    if (answer.status !== 200) return []
    expect(answer.headers.get('cache-control')).toContain('immutable')
    const bytes = Buffer.from(await answer.arrayBuffer())
    return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32))
  }
  const [first, rest, upper] = [await tile('0/000'), await tile(`0/001.p/${count + 1 - 256}`), await tile('1/000.p/1')]
  expect(rootOf([...first, ...rest]).toString('base64')).toBe(root)
  expect(upper).toEqual([rootOf(first)])
  const leaves = (await client.entries(0, 1)).map((entry) => sha256(Buffer.from([0]), entry))
  expect(first[0]).toEqual(leaves[0])

  // Another implementation opens the note, and follows paths out of the tiles to its root.
  const hashes = [...first, ...rest]
  for (const index of [0, 1, 255, 256, count]) {
    const [leaf] = (await client.entries(index, 1)).map((entry) => Buffer.from(entry))
    const proof = { index, leaf: leaf as Buffer, hashes: pathOf(hashes, index) }
    verifyBySigstore(note, verifier, proof)
    const other = { ...proof, leaf: Buffer.concat([proof.leaf, Buffer.of(0)]) }
    expect(() => verifyBySigstore(note, verifier, other)).toThrow('calculated root hash')
    expect(() => verifyBySigstore(note.replace(`\n${size}\n`, '\n262\n'), verifier, proof)).toThrow(
      'invalid checkpoint',
    )
  }

  // What is not there, or spelled otherwise, is no tile.
  const bad = [
    '0/001',
    '0/001.p/6',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/07',
    '0/x000/000',
    '0/0',
    '1/000',
    '64/000',
    'entries/000',
  ]
  expect(await Promise.all(bad.map(tile))).toEqual(bad.map(() => []))

  // The authority behind the note is the core's own signature, which the second line carries.
  const [, core] = note.slice(note.lastIndexOf('\n\n') + 2).split('\n')
  const bytes = Buffer.from((core as string).split(' ')[2] as string, 'base64').subarray(4)
  const head = {
    epoch: bytes.readBigUInt64BE(24),
    boot: toHex(bytes.subarray(32, 64)),
    size: BigInt(size as string),
    root: toHex(Buffer.from(root as string, 'base64')),
  }
  const { core: status } = await client.status()
  expect(recoverAddress(digest(domain, 'LogHead', head), toHex(bytes.subarray(64)))).toBe(status?.address)
})
