/** `bursar verify`: everything that one daemon claims, checked against the chain, and one verdict. */
import { Command } from 'commander'
import { type Check, createClient, createRpc, type LogMemory, verdictOf, verifyDaemon } from '../client/index.ts'
import { receiptFile } from '../client/receiptFile.ts'
import type { Hex } from '../ledger/hex.ts'
import { readJsonFile } from './jsonFile.ts'
import { memoryPathDefault, recall, remember } from './memoryFile.ts'
import { address, httpUrl } from './options.ts'
import { readTrust, type TrustOptions, withTrust } from './trustOption.ts'
import { exitCodeOf } from './verdictExit.ts'

interface Options extends TrustOptions {
  readonly receipt?: string
  readonly state: string
  readonly json: boolean
}

const help = `
Nothing is believed because the daemon says so. What the checks rest on stands beside each: the node you name, the contract, and
what you trust beforehand. --trust is a file from someone you trust, such as the operator's published one:
  {"chain_id":"42161","contract":"0x..","attestation_root":"0x.. (SHA-256 of the root's DER)","images":[{"pcr0":"0x..","pcr1":"0x..","pcr2":"0x.."}]}
Without it the contract is the one that the daemon names, the root is AWS's, and what image runs cannot be judged.

Exit codes: 0 all holds, 1 a lie is proved, 2 something could not be checked.`

export const verifyCommand = (): Command =>
  withTrust(new Command('verify'))
    .description('check a daemon, a payee or a receipt against the chain, without believing the daemon')
    .argument('<url>', 'address of the daemon', httpUrl)
    .argument('[payee]', 'whose account is to be proved', address)
    .option('--receipt <file>', 'a receipt with its batch, as bursar report --receipts keeps it')
    .option('--state <file>', 'what was seen the last time', memoryPathDefault())
    .option('--json', 'print one line of JSON', false)
    .addHelpText('after', help)
    .action(verify)

async function verify(url: string, payee: Hex | undefined, options: Options): Promise<void> {
  const trust = readTrust(options)
  const memory = recall(options.state, url, trust.contract)
  const work = verifyDaemon({
    client: createClient({ url }),
    rpc: createRpc({ url: options.rpc }),
    trust,
    nonce: crypto.getRandomValues(new Uint8Array(32)),
    nowMs: Date.now(),
    ...(payee ? { payee } : {}),
    ...(options.receipt ? { receipt: readJsonFile(options.receipt, 'receipt', receiptFile) } : {}),
    ...(memory ? { memory } : {}),
  })
  const checks: Check[] = []
  const seen = await tellEach(work, checks, options.json)
  if (seen) remember(options.state, url, seen)
  const verdict = verdictOf(checks)
  process.stdout.write(options.json ? `${JSON.stringify({ verdict, checks })}\n` : `${conclusion[verdict]}\n`)
  process.exitCode = exitCodeOf(verdict)
}

const marks = { holds: 'ok ', lie: 'LIE', unknown: ' ? ' } as const
const conclusion = {
  holds: '\nAll of it holds.',
  lie: '\nA LIE IS PROVED. Keep this output.',
  unknown: '\nNo lie was found, but not everything could be checked.',
} as const

async function tellEach(
  work: ReturnType<typeof verifyDaemon>,
  checks: Check[],
  isQuiet: boolean,
): Promise<LogMemory | undefined> {
  for (;;) {
    const { done, value } = await work.next()
    if (done) return value
    checks.push(value)
    if (!isQuiet) process.stdout.write(lineOf(value))
  }
}

function lineOf({ id, verdict, code, said, restsOn, facts }: Check): string {
  const line = `${marks[verdict]} ${id.padEnd(14)}${code ? `${code}: ` : ''}${said}\n${' '.repeat(18)}rests on ${restsOn}\n`
  if (verdict === 'holds') return line
  return (
    line +
    Object.entries(facts)
      .map(([name, value]) => `${' '.repeat(18)}${name} ${value}\n`)
      .join('')
  )
}
