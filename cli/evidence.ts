/** `bursar evidence`: whether two receipts, or a receipt and the chain, prove a lie; and the file that proves it to others. */
import { existsSync, writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { decodeFunctionData } from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { type Evidence, evidence, type Judgement, judgeEvidence, logsOf } from '../client/evidence.ts'
import { createRpc, createTreasury, type LogTree } from '../client/index.ts'
import { receiptFile } from '../client/receiptFile.ts'
import type { Hex } from '../ledger/hex.ts'
import { Fault } from './fault.ts'
import { readJsonFile } from './jsonFile.ts'
import { openLogFile, treeOf } from './logFile.ts'
import { httpUrl } from './options.ts'
import { exitCodeOf, tellTrouble } from './verdictExit.ts'

interface Options {
  readonly check: boolean
  readonly rpc?: string
  readonly fromBlock: bigint
  readonly log?: string
  readonly out?: string
  readonly json: boolean
}

const help = `
A and B are receipts with their batches, as bursar report --receipts writes them. Without B the receipt is held against every
open and commit that landed, read from the node of --rpc.

A fork shows by itself only between logs of one size. To hold a receipt against a larger log that was signed or anchored, give
with --log a copy of what was published, as bursar audit keeps it: out of it comes the proof of what the larger log had been when
it was as small as the receipt's, and nobody needs the copy to judge that proof. COVERED then says that the receipt's log is how
the larger one began; where the copy does not lead to what was signed, nothing is told (NOT_PROVED).

What proves a lie is written to --out; anyone judges that file again with --check, offline. It names the key that signed;
whether that key was the contract's committer, and that a transaction it names landed, the chain says.

Exit codes: 0 nothing is proved, 1 a lie is proved, 2 it could not be told.`

export const evidenceCommand = (): Command =>
  new Command('evidence')
    .description('hold a receipt against another, or against the chain')
    .argument('<a>', 'a receipt with its batch; with --check, a file of evidence')
    .argument('[b]', 'another receipt')
    .option('--check', 'judge a file of evidence', false)
    .option('--rpc <url>', 'a node of the chain that you trust', httpUrl)
    .option('--from-block <number>', 'block of the deployment, or later', blockNumber, 0n)
    .option('--log <file>', 'a copy of the published log, for logs of different sizes')
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

/** Of several judgements the one that counts: a lie, else what could not be told, else what was proved; another key says least. */
const order = ['NOT_ONE_CORE', 'CONSISTENT', 'COVERED', 'NOT_SIGNED', 'NOT_PROVED']
const weightOf = ({ verdict, code }: Judgement): number => (verdict === 'lie' ? order.length : order.indexOf(code))

async function weigh(a: string, b: string | undefined, options: Options): Promise<void> {
  let found: { readonly judgement: Judgement; readonly proof: Evidence } | undefined
  for await (const proof of pairsOf(a, b, options)) {
    const judgement = judgeEvidence(proof)
    if (!found || weightOf(judgement) > weightOf(found.judgement)) found = { judgement, proof }
    if (judgement.verdict === 'lie') break
  }
  const said = 'nothing that landed can be held against it yet'
  const judgement = found?.judgement ?? { verdict: 'unknown', code: 'NOTHING_LANDED', said, core: null }
  if (options.out && found?.judgement.verdict === 'lie')
    writeFileSync(options.out, `${JSON.stringify(evidence.write(found.proof), null, 2)}\n`)
  process.stdout.write(options.json ? `${JSON.stringify(judgement)}\n` : `${judgement.code}: ${judgement.said}\n`)
  process.exitCode = exitCodeOf(judgement.verdict === 'nothing' ? 'holds' : (judgement.verdict as 'lie' | 'unknown'))
}

type Second = Evidence['second']
type Landed = Exclude<Second, { readonly receipt: unknown }>

async function* pairsOf(
  a: string,
  b: string | undefined,
  { check, rpc, fromBlock, log }: Options,
): AsyncGenerator<Evidence> {
  if (check) {
    yield readJsonFile(a, 'file of evidence', evidence)
    return
  }
  const first = readJsonFile(a, 'receipt', receiptFile)
  const tree = log === undefined ? undefined : readLog(log)
  const pair = (second: Second): Evidence => ({ first, second, prefix: prefixOf(tree, logsOf({ first, second })) })
  if (b !== undefined) yield pair(readJsonFile(b, 'receipt', receiptFile))
  else if (rpc === undefined)
    throw new Fault('NOTHING_TO_COMPARE', 'one receipt alone proves nothing', {
      next: 'name another receipt, or a node with --rpc',
      exitCode: 2,
    })
  else for await (const second of landedCalls(rpc, first.batch.verifyingContract, fromBlock)) yield pair(second)
}

function readLog(path: string): LogTree {
  if (!existsSync(path))
    throw new Fault('FILE_UNREADABLE', `there is no log ${path}`, {
      next: 'name a copy of the log: bursar audit --log keeps one',
      exitCode: 2,
    })
  const file = openLogFile(path)
  try {
    return treeOf(file)
  } finally {
    file.close()
  }
}

/** From a copy that does not reach so far comes a proof that proves nothing: that too is told. */
function prefixOf(tree: LogTree | undefined, { older, newer }: ReturnType<typeof logsOf>): Evidence['prefix'] {
  if (!tree) return null
  if (newer.size > tree.size) return { root: older.root, consistency: [] }
  return { root: tree.root(older.size), consistency: tree.consistencyProof(older.size, newer.size) }
}

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
