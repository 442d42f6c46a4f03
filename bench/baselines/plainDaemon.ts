/**
 * What one would write first: `node bench/baselines/plainDaemon.ts CHAIN_ID CONTRACT REPORTERS`. Signatures by viem, the
 * ledger in a map, one JSON line and one fsync an event. Says where it listens.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { compactSignatureToSignature, parseCompactSignature, recoverTypedDataAddress, serializeSignature } from 'viem'
import { structs } from '../../ledger/structs.ts'

const [chainId, verifyingContract] = process.argv.slice(2)
const domain = { name: 'Bursar', version: '1', chainId: Number(chainId), verifyingContract: verifyingContract as never }
const typeOf = (name: 'Batch' | 'Event') => structs[name].map(([field, type]) => ({ name: field, type }))
const types = { Batch: typeOf('Batch'), Event: typeOf('Event') }

const folder = mkdtempSync(join(tmpdir(), 'bursar-plain-'))
const file = openSync(join(folder, 'log.jsonl'), 'a')
const earned = new Map<string, bigint>()
const next = new Map<string, bigint>()

const server = createServer(async (request, response) => {
  try {
    const signed = (await json(request)) as {
      batch: { reporter: string; sequence: string; events: never[] }
      signature: never
    }
    const { batch } = signed
    const signature = serializeSignature(compactSignatureToSignature(parseCompactSignature(signed.signature)))
    const signer = await recoverTypedDataAddress({
      domain,
      types,
      primaryType: 'Batch',
      message: batch as never,
      signature,
    })
    if (signer.toLowerCase() !== batch.reporter) throw new Error('bad signature')
    if ((next.get(batch.reporter) ?? 0n) !== BigInt(batch.sequence)) throw new Error('bad sequence')
    for (const { payee, value } of batch.events as { payee: string; value: string }[])
      earned.set(payee, (earned.get(payee) ?? 0n) + BigInt(value))
    next.set(batch.reporter, BigInt(batch.sequence) + 1n)
    writeSync(file, `${JSON.stringify(signed)}\n`)
    fsyncSync(file)
    response.end('{"status":"accepted"}')
  } catch (error) {
    response.writeHead(400).end(String(error))
  }
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => {
  closeSync(file)
  rmSync(folder, { recursive: true })
  process.exit(0)
})
