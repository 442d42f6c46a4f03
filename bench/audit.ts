/** How fast an audit replays: `node bench/audit.ts EVENTS EVENTS_PER_BATCH`. Makes a log, then times only what an auditor does with it. */
import { createAuditor } from '../client/audit/auditor.ts'
import { topicOf } from '../client/chain/abi.ts'
import { eventForms } from '../client/chain/events.ts'
import { type RawLog, wordOf } from '../client/chain/rpc.ts'
import { nameToBytes32 } from '../client/ids.ts'
import { addressOfKey, credit, type Event, signBatch, workload } from '../client/index.ts'
import { entryLeaf, fromSealed } from '../ledger/entry.ts'
import { type Hex, zeroAddress, zeroHash } from '../ledger/hex.ts'
import { commitmentOf, createLedger, rootOf } from '../ledger/state.ts'
import type { Configuration } from '../ledger/structs.ts'
import { applyEntry } from '../ledger/transition.ts'

const [count = 1_000_000, perBatch = 500] = process.argv.slice(2).map(Number)
const [payees, batchesPerAnchor] = [1_000, 100]
const domain = { chainId: 31337n, verifyingContract: `0x${'c0'.repeat(20)}` } as const
const secretKey = new Uint8Array(32).fill(1)
const amountMax = 2n ** 95n

const configuration: Configuration = {
  version: 1n,
  previous: zeroHash,
  ...domain,
  broker: zeroAddress,
  kmsKeys: [],
  signers: [],
  threshold: 0,
  reporters: [
    {
      reporter: addressOfKey(secretKey),
      kinds: 0b111111,
      tariffs: [nameToBytes32('unit')],
      batchMaxWei: amountMax,
      payeeMaxWei: amountMax,
      budgetWei: amountMax,
      accountsMax: 10n ** 6n,
      sessionsMax: 0n,
    },
  ],
  tariffs: [{ name: nameToBytes32('unit'), weiPerUnit: 7n, unitMs: 0n }],
  payeesOpen: true,
  payees: [],
  rail: 0,
  minimumWei: 0n,
  limits: { batchEventsMax: 1000n, sessionGapMs: 0n, sessionIdleMs: 0n, preferencesMax: 0n },
  feeCaps: { gas: 0n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
}

const payeeOf = (n: number): Hex => `0x${(n + 1).toString(16).padStart(40, '0')}`
const eventOf = (n: number): Event =>
  n % 10 === 0
    ? credit({ id: `${n}`, payee: payeeOf(n % payees), wei: 5n })
    : workload({ id: `${n}`, payee: payeeOf(n % payees), tariff: 'unit', units: BigInt(n % 1000) })

/** A log of so many events, and the `Committed` of every hundred batches. */
function makeLog(): { readonly leaves: Uint8Array[]; readonly commits: RawLog[] } {
  const ledger = createLedger(configuration)
  const leaves = [entryLeaf({ configuration, signatures: [] })]
  const commits: RawLog[] = []
  let prevRoot: Hex = zeroHash
  for (let from = 0, sequence = 0n; from < count; from += perBatch, sequence++) {
    const events = Array.from({ length: Math.min(perBatch, count - from) }, (_, i) => eventOf(from + i))
    const batch = signBatch({ domain, secretKey, sequence, events })
    leaves.push(entryLeaf(batch))
    applyEntry(ledger, fromSealed(batch))
    if (leaves.length % batchesPerAnchor === 0 || from + perBatch >= count) {
      const next = commitmentOf(ledger)
      const counter = BigInt(commits.length + 1)
      const words = [
        prevRoot,
        next.accountsRoot,
        next.logRoot,
        wordOf(next.logSize),
        wordOf(next.totalEarned),
        next.configHash,
      ]
      const data: Hex = `0x${[...words, wordOf(0n)].map((word) => word.slice(2)).join('')}`
      const topics = [topicOf(eventForms.Committed.signature), wordOf(1n), wordOf(counter)]
      commits.push({ topics, data, blockNumber: counter, logIndex: 0n, transactionHash: zeroHash })
      prevRoot = rootOf(next)
    }
  }
  return { leaves, commits }
}

const { leaves, commits } = makeLog()
const [startMs, startCpu] = [performance.now(), process.cpuUsage()]
const auditor = createAuditor({ domain, entries: async (from, size) => leaves.slice(from, from + size) })
for (const commit of commits) await auditor.feed(commit)
const seconds = (performance.now() - startMs) / 1000
const cpu = process.cpuUsage(startCpu) // what a core of its own would take, whatever else runs here
const cpuSeconds = (cpu.user + cpu.system) / 1e6
if (auditor.findings.length > 0) throw new Error(JSON.stringify(auditor.findings[0]))
const bytes = leaves.reduce((sum, leaf) => sum + leaf.length, 0)
const { events, batches, anchors } = auditor.totals
console.log(
  JSON.stringify({
    events,
    batches,
    anchors,
    bytes,
    seconds: +seconds.toFixed(2),
    cpuSeconds: +cpuSeconds.toFixed(2),
    eventsPerCpuSecond: Math.round(events / cpuSeconds),
  }),
)
