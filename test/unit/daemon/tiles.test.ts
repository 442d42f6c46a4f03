/** Checkpoint and tiles as another log's client sees them: parsed, verified and added up here by hand, with nothing of ours. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { toHex } from '../../../ledger/hex.ts'
import { recoverAddress } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import { domain } from '../ledger/support.ts'
import { createWorld, creditBatch } from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }
const sha256 = (...parts: Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** C2SP signed-note: text, an empty line, signature lines. @returns the text if the key's own line is right */
function openNote(note: string, verifierKey: string): string | undefined {
  const [, name, id, encoded] = /^([^+ ]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) as unknown as string[]
  const key = Buffer.from(encoded as string, 'base64')
  if (sha256(Buffer.from(`${name}\n`), key).toString('hex', 0, 4) !== id || key[0] !== 1) return undefined
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.subarray(1).toString('base64url') },
    format: 'jwk',
  })
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

test('default: a checkpoint and its tiles stand for any client of transparency logs', {
  timeout: 120_000,
}, async () => {
  const { client, url } = await createWorld().startOpen(slow)
  expect((await fetch(`${url}/checkpoint`)).status).toBe(404) // nothing is signed yet
  const count = 260
  for (let i = 0; i < count; i++) await client.sendBatch(creditBatch(BigInt(i), 1n))

  const response = await fetch(`${url}/checkpoint`)
  const note = await response.text()
  const verifierKey = response.headers.get('verifier-key') as string
  const text = openNote(note, verifierKey) as string
  const [origin, size, root] = text.split('\n')
  expect({ origin, size }).toEqual({ origin: `bursar/eip155/31337/${domain.verifyingContract}`, size: `${count + 1}` })
  expect(openNote(note.replace(`\n${size}\n`, '\n7\n'), verifierKey)).toBeUndefined()

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
