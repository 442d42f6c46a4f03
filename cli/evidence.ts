/** `bursar evidence`: whether two receipts, or a receipt and the chain, prove a lie; and the file that proves it to others. */
import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { decodeFunctionData } from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { type Evidence, evidence, type Judgement, judgeEvidence } from '../client/evidence.ts'
import { createRpc, createTreasury } from '../client/index.ts'
import { receiptFile } from '../client/receiptFile.ts'
import type { Hex } from '../ledger/hex.ts'
import { Fault } from './fault.ts'
import { readJsonFile } from './jsonFile.ts'
import { httpUrl } from './options.ts'
import { exitCodeOf, tellTrouble } from './verdictExit.ts'

interface Options {
  readonly check: boolean
  readonly rpc?: string
  readonly fromBlock: bigint
  readonly out?: string
  readonly json: boolean
}

const help = `
A and B are receipts with their batches, as bursar report --receipts writes them. Without B the receipt is held against every
open and commit that landed, read from the node of --rpc. What proves a lie is written to --out; anyone judges that file again
with --check, offline. It names the key that signed; whether that key was the contract's committer, and that a transaction it
names landed, the chain says.

Exit codes: 0 nothing is proved, 1 a lie is proved, 2 it could not be told.`

export const evidenceCommand = (): Command =>
  new Command('evidence')
    .description('hold a receipt against another, or against the chain')
    .argument('<a>', 'a receipt with its batch; with --check, a file of evidence')
    .argument('[b]', 'another receipt')
    .option('--check', 'judge a file of evidence', false)
    .option('--rpc <url>', 'a node of the chain that you trust', httpUrl)
    .option('--from-block <number>', 'block of the deployment, or later', blockNumber, 0n)
    .option('--out <file>', 'where the evidence is written')
    .option('--json', 'print one line of JSON', false)
    .addHelpText('after', help)
    .action((a: string, b: string | undefined, options: Options) =>
      tellTrouble(() => weigh(a, b, options), options.json),
    )

function blockNumber(text: string): bigint {
  if (/^\d{1,15}$/.test(text)) return BigInt(text)
  throw new InvalidArgumentError('Write a whole number.')
}

async function weigh(a: string, b: string | undefined, options: Options): Promise<void> {
  let found: { readonly judgement: Judgement; readonly proof?: Evidence } | undefined
  for await (const proof of pairsOf(a, b, options)) {
    const judgement = judgeEvidence(proof)
    if (!found || judgement.verdict === 'lie') found = { judgement, proof }
    if (judgement.verdict === 'lie') break
  }
  const said = 'nothing that landed can be held against it yet'
  const { judgement, proof } = found ?? { judgement: { verdict: 'unknown', code: 'NOTHING_LANDED', said, core: null } }
  if (options.out && proof && judgement.verdict === 'lie')
    writeFileSync(options.out, `${JSON.stringify(evidence.write(proof), null, 2)}\n`)
  process.stdout.write(options.json ? `${JSON.stringify(judgement)}\n` : `${judgement.code}: ${judgement.said}\n`)
  process.exitCode = exitCodeOf(judgement.verdict === 'nothing' ? 'holds' : (judgement.verdict as 'lie' | 'unknown'))
}

async function* pairsOf(
  a: string,
  b: string | undefined,
  { check, rpc, fromBlock }: Options,
): AsyncGenerator<Evidence> {
  if (check) {
    yield readJsonFile(a, 'file of evidence', evidence)
    return
  }
  const first = readJsonFile(a, 'receipt', receiptFile)
  if (b !== undefined) yield { first, second: readJsonFile(b, 'receipt', receiptFile) }
  else if (rpc === undefined)
    throw new Fault('NOTHING_TO_COMPARE', 'one receipt alone proves nothing', {
      next: 'name another receipt, or a node with --rpc',
      exitCode: 2,
    })
  else for await (const second of landedCalls(rpc, first.batch.verifyingContract, fromBlock)) yield { first, second }
}

type Landed = Exclude<Evidence['second'], { readonly receipt: unknown }>

/** Every `open` and `commit` that took effect, read out of its calldata. One that another contract relayed cannot be read so. */
async function* landedCalls(url: string, contract: Hex, from: bigint): AsyncGenerator<Landed> {
  const rpc = createRpc({ url })
  const treasury = createTreasury({ rpc, address: contract })
  for await (const { logs } of treasury.logs(from, (await rpc.block()).number)) {
    for (const transactionHash of new Set(logs.map((log) => log.transactionHash))) {
      const call = readCall(await rpc.calldata(transactionHash))
      if (call) yield { ...call, transactionHash }
    }
  }
}

function readCall(
  data: Hex | undefined,
): { open: never; signature: Hex } | { commit: never; signature: Hex } | undefined {
  try {
    const { functionName, args } = decodeFunctionData({ abi: treasuryAbi, data: data ?? '0x' })
    if (functionName !== 'open' && functionName !== 'commit') return undefined
    const [value, r, vs] = args
    const signature: Hex = `${r}${vs.slice(2)}`
    return functionName === 'open' ? { open: value as never, signature } : { commit: value as never, signature }
  } catch {
    return undefined // another call, or one that went through another contract: it says nothing by itself
  }
}
