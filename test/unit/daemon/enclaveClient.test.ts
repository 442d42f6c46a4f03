import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type CoreConnection, connectCore } from '../../../daemon/enclaveClient.ts'
import { decodeBody, encodeFrame, FrameReader } from '../../../protocol/frame.ts'
import { temporaryFolder } from './support.ts'

type Answer = (request: { id: number; method: string; params: unknown }, socket: Socket) => void

/** A core of a few lines that answers as it is told. */
async function connectTo(answer: Answer): Promise<CoreConnection> {
  const path = `${temporaryFolder()}/core.sock`
  const server = createServer((socket) => {
    const reader = new FrameReader()
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Uint8Array)) answer(decodeBody(body) as never, socket)
    })
  }).listen(path)
  const connection = await connectCore(`unix:${path}`, new AbortController().signal)
  onTestFinished(() => {
    connection.close()
    server.close()
  })
  return connection
}

const document = (id: number) => encodeFrame({ id, result: { document_b64: 'AAAA', birth_b64: 'AAAA' } })

test('default: requests go out at once, replies come back in order', async () => {
  const held: number[] = []
  const core = await connectTo(({ id }, socket) => {
    if (held.push(id) === 3) for (const one of held) socket.write(document(one))
  })
  const asked = [null, '0x01', '0x02'].map((nonce) =>
    core.request('attestation', { nonce: nonce as `0x${string}` | null }),
  )
  expect((await Promise.all(asked)).map(({ documentB64 }) => documentB64.length)).toEqual([3, 3, 3])
})

test('behavior: a refusal keeps its code and facts, and the connection', async () => {
  const refusal = { code: 'WRONG_PHASE', message: 'no', facts: { phase: 'empty' } }
  const core = await connectTo(({ id, method }, socket) => {
    socket.write(method === 'export_state' ? encodeFrame({ id, error: refusal }) : document(id))
  })
  await expect(core.request('export_state', { chunk: 0 })).rejects.toMatchObject({
    name: 'Refusal',
    code: 'WRONG_PHASE',
    facts: { phase: 'empty' },
  })
  await core.request('attestation', { nonce: null })
})

test('behavior: an abort frees the caller, and the next reply goes to the next request', async () => {
  const core = await connectTo(({ id }, socket) => {
    if (id === 2) for (const one of [1, 2]) socket.write(document(one))
  })
  const abort = new AbortController()
  const first = core.request('attestation', { nonce: null }, abort.signal)
  abort.abort(new Error('enough'))
  await expect(first).rejects.toThrow('enough')
  await core.request('attestation', { nonce: null })
})

test('error: a connection that drops leaves what was under way unknown', async () => {
  const core = await connectTo((_, socket) => socket.destroy())
  await expect(core.request('attestation', { nonce: null })).rejects.toMatchObject({
    name: 'CoreLost',
    outcome: 'unknown',
  })
  await core.closed
  expect(core.isOpen).toBe(false)
  await expect(core.request('attestation', { nonce: null })).rejects.toMatchObject({
    name: 'CoreLost',
    outcome: 'not_sent',
  })
})

test.each([
  ['answers another request', (id: number) => ({ id: id + 1, result: { document_b64: 'AAAA', birth_b64: 'AAAA' } })],
  ['has no id', () => ({ result: { document_b64: 'AAAA', birth_b64: 'AAAA' } })],
  ['has a member too much', (id: number) => ({ id, result: { document_b64: 'AAAA', birth_b64: 'AAAA', more: 1 } })],
  ['has the wrong form', (id: number) => ({ id, result: { document_b64: 7, birth_b64: 'AAAA' } })],
  ['has a code of no list', (id: number) => ({ id, error: { code: 'NO_SUCH', message: '', facts: {} } })],
  ['is null', () => null],
])('error: a reply that %s ends the connection', async (_, reply) => {
  const core = await connectTo(({ id }, socket) => socket.write(encodeFrame(reply(id))))
  await expect(core.request('attestation', { nonce: null })).rejects.toMatchObject({
    name: 'CoreLost',
    outcome: 'unknown',
  })
})

test('error: nobody listens', async () => {
  const nowhere = connectCore(`unix:${temporaryFolder()}/none.sock`, new AbortController().signal)
  await expect(nowhere).rejects.toMatchObject({ name: 'CoreLost', outcome: 'not_sent' })
})

test('behavior: an enclave is reached through socat, which ends with the connection', async () => {
  const folder = temporaryFolder()
  // In place of socat: what it was told, and that its descriptor 3 is the stream.
  const script = `#!${process.execPath}
    const { appendFileSync } = require('node:fs')
    const note = (text) => appendFileSync('${folder}/said', text + '\\n')
    note(process.argv.slice(2).join(' '))
    const stream = new (require('node:net').Socket)({ fd: 3 })
    stream.on('data', () => stream.write(Buffer.from('${Buffer.from(document(1)).toString('hex')}', 'hex')))
    process.on('exit', () => note('ended'))
    process.on('SIGTERM', () => process.exit(0))`
  writeFileSync(`${folder}/socat`, script, { mode: 0o755 })
  vi.stubEnv('PATH', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  const core = await connectCore('vsock://16:5000', new AbortController().signal)
  expect((await core.request('attestation', { nonce: null })).documentB64).toHaveLength(3)
  core.close()
  await vi.waitFor(() => expect(readFileSync(`${folder}/said`, 'utf8')).toBe('FD:3 VSOCK-CONNECT:16:5000\nended\n'))
})

test('error: no socat, no core', async () => {
  vi.stubEnv('PATH', temporaryFolder())
  onTestFinished(() => void vi.unstubAllEnvs())
  const nowhere = connectCore('vsock://16:5000', new AbortController().signal)
  await expect(nowhere).rejects.toMatchObject({ name: 'CoreLost', outcome: 'not_sent' })
})
