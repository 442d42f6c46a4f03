/** `bursar bench-load`: what a test deployment takes, and how fast it acknowledges. */
import { Command } from 'commander'
import { createClient, credit, type Event, signBatch } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'
import { Fault } from './fault.ts'
import { readKeyFile } from './keyFile.ts'
import { type Load, runLoad, type SendNext } from './load.ts'
import { httpUrl, wholeNumber } from './options.ts'
import { json, print, table } from './table.ts'

interface Options {
  readonly key: readonly string[]
  readonly batch: number
  readonly rate: number
  readonly seconds: number
  readonly payees: number
  readonly json: boolean
}

/** Chains on which a wei is money. https://chainlist.org */
const realChains = [1n, 42161n]

const help = `
Each key is a reporter of its own that may credit (its kinds in the ledger's configuration), and has one batch under way at a
time: more keys, more batches at once. Each event credits one wei to an address that nobody has, so never do this to a ledger that counts.
The time of a batch begins when it is due, not when it is sent: what waits, counts.

Exit codes: 0 everything was acknowledged, 1 something was refused, 2 bad options.`

export const benchLoadCommand = (): Command =>
  new Command('bench-load')
    .description('send made-up work to a test deployment at a steady rate, and tell how fast it is acknowledged')
    .argument('<url>', 'address of the daemon', httpUrl)
    .requiredOption('--key <file...>', 'files with the secret keys of the reporters')
    .option('--batch <events>', 'events in a batch', wholeNumber(1, 1000), 100)
    .option('--rate <events>', 'events a second, of all reporters together', wholeNumber(1, 10_000_000), 1000)
    .option('--seconds <n>', 'how long', wholeNumber(1, 86_400), 30)
    .option('--payees <n>', 'addresses that are credited in turn', wholeNumber(1, 10_000_000), 1000)
    .option('--json', 'print one line of JSON at the end', false)
    .addHelpText('after', help)
    .action(benchLoad)

async function benchLoad(address: string, { key, batch, rate, seconds, payees, json: isJson }: Options): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  const client = createClient({ url: address })
  const { chainId, verifyingContract } = await client.status()
  if (realChains.includes(chainId))
    throw new Fault('REAL_CHAIN', `this deployment pays on chain ${chainId}, where a wei is money`, {
      next: 'point at a deployment on a test chain',
      exitCode: 2,
    })
  const events = makeEvents(payees)
  const domain = { chainId, verifyingContract }
  const reporters = await Promise.all(
    key.map(async (file): Promise<SendNext> => {
      const { secretKey, address: reporter } = readKeyFile(file)
      let { nextSequence: sequence } = await client.reporter(reporter)
      return async (signal) => {
        await client.sendBatch(signBatch({ domain, secretKey, sequence, events: events(batch) }), { signal })
        sequence += 1n
      }
    }),
  )
  const erase = process.stderr.isTTY ? '\r\x1b[K' : ''
  const load = await runLoad(
    {
      reporters,
      batchesPerSecond: rate / batch,
      seconds,
      onProgress: (now) => {
        if (erase) process.stderr.write(`${erase}${words(now, batch)}`)
      },
    },
    stop.signal,
  )
  process.stderr.write(erase)
  if (Object.keys(load.refused).length > 0) process.exitCode = 1
  if (isJson) return print(json({ ...load, events: load.batches * batch }))
  print(`${words(load, batch)}\n`)
  print(
    table(
      ['batch acknowledged within', 'ms'],
      Object.entries(load.latencyMs).map(([name, ms]) => [name, ms.toFixed(1)]),
    ),
  )
  for (const [code, count] of Object.entries(load.refused)) print(`\nrefused ${count} times: ${code}`)
}

const words = ({ seconds, batches }: Load, batch: number): string =>
  `${batches * batch} events in ${batches} batches in ${seconds.toFixed(0)} s: ${Math.round((batches * batch) / seconds)} a second`

/** Ids never repeat, this run or another. */
function makeEvents(payees: number): (count: number) => Event[] {
  const run = Date.now().toString(36)
  let made = 0
  const payeeOf = (n: number): Hex => `0xbe${(n % payees).toString(16).padStart(38, '0')}`
  const next = (): Event => credit({ id: `${run}-${made}`, payee: payeeOf(made++), wei: 1n })
  return (count) => Array.from({ length: count }, next)
}
