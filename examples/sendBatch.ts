/**
 * Reports work and keeps the receipt. `node examples/sendBatch.ts DAEMON KEY_FILE PAYEE TARIFF UNITS > receipt.json`
 * sends one event and prints batch and receipt: what `checkReceipt.ts` and `bursar verify --receipt` take.
 */
import { readFileSync } from 'node:fs'
import { addressOfKey, createClient, receiptFile, signBatch, workload } from '@bursar/client'

const [url = '', keyPath = '', payee = '', tariff = '', units = ''] = process.argv.slice(2)
const secretKey = Uint8Array.from(Buffer.from(readFileSync(keyPath, 'utf8').trim().replace(/^0x/, ''), 'hex'))
const client = createClient({ url })

// A reporter pins chain and contract when it begins: what it signs counts there and nowhere else.
const { chainId, verifyingContract } = await client.status()
const { nextSequence: sequence } = await client.reporter(addressOfKey(secretKey))
const events = [workload({ id: `job-${Date.now()}`, payee, tariff, units: BigInt(units) })]
const batch = signBatch({ domain: { chainId, verifyingContract }, secretKey, sequence, events })

// The same bytes again get the same receipt: after a lost answer, send again.
const { receipt } = await client.sendBatch(batch)
console.log(JSON.stringify(receiptFile.write({ batch, receipt })))
