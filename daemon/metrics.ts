/** Numbers for Prometheus. Each is named in docs/OPERATING.md. Amounts are wei as floating point: for curves, not for books. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Books } from './services/books.ts'
import { type HeadWatch, sessionOf } from './services/headWatch.ts'
import type { Ingest } from './services/ingest.ts'
import type { Mirror } from './services/mirror.ts'
import type { Payer } from './services/payer.ts'
import type { Gate } from './services/session.ts'
import type { Vitals } from './services/vitals.ts'

/** Of the process: what all its lanes share. */
export interface HttpMetrics {
  request(done: {
    readonly lane: string | undefined
    readonly method: string
    readonly route: string
    readonly status: number
    readonly seconds: number
  }): void
  limited(by: 'address' | 'reporter' | 'streams'): void
  /** One more listener to the stream, or one less. */
  streams(change: 1 | -1): void
}

export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry]
  const requests = new Histogram({
    name: 'bursar_http_request_seconds',
    help: 'Requests by route, method and status, and by lane where there are several',
    labelNames: ['lane', 'route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  const limited = new Counter({
    name: 'bursar_rate_limited_total',
    help: 'Requests turned away, by which limit',
    labelNames: ['by'],
    registers,
  })
  const streams = new Gauge({ name: 'bursar_streams', help: 'Listeners to the event stream', registers })
  return {
    request: ({ seconds, lane, ...labels }) =>
      requests.observe(lane === undefined ? labels : { ...labels, lane }, seconds),
    limited: (by) => limited.inc({ by }),
    streams: (change) => streams.inc(change),
  }
}

/** Counts batches by what became of them: `accepted`, `already_accepted`, or the code of the refusal. */
export type CountBatch = (outcome: string) => void

export function createBatchCounter(registry: Registry): CountBatch {
  const batches = new Counter({
    name: 'bursar_batches_total',
    help: 'Batches by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  })
  return (outcome) => batches.inc({ outcome })
}

const openHelp = '1 while an epoch is open and batches are acknowledged'

/** The one number of a lane that is down. */
export function observeNothing(registry: Registry): void {
  new Gauge({ name: 'bursar_open', help: openHelp, registers: [registry] }).set(0)
}

export interface Observed {
  readonly gate: Gate
  readonly mirror: Pick<Mirror, 'ledger' | 'tree'>
  readonly books: Books
  readonly headWatch: Pick<HeadWatch, 'head'>
  readonly ingest: Pick<Ingest, 'waiting'>
  readonly payer: Pick<Payer, 'leftOut'>
  readonly vitals: Vitals
}

/** Adds what is read from the services whenever somebody looks. What is not known yet is left out, not zero. */
export function observeServices(registry: Registry, now: Observed): void {
  const { gate, mirror, books, headWatch, ingest, vitals } = now
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => bigint | number | undefined): void => {
    new Gauge({
      name: `bursar_${name}`,
      help,
      registers,
      collect() {
        const value = read()
        if (value === undefined) this.remove()
        else this.set(Number(value))
      },
    })
  }

  gauge('open', openHelp, () => (sessionOf(gate) ? 1 : 0))
  gauge('epoch', 'Epoch of the head', () => headWatch.head?.epoch)
  gauge('anchors', 'Counter of the head: commits so far', () => headWatch.head?.counter)
  gauge('log_entries', 'Entries in the log', () => mirror.tree.size)
  gauge('anchored_entries', 'Entries in the anchored log', () => headWatch.head?.logSize)
  gauge('accounts', 'Accounts of the ledger', () => mirror.ledger.accounts.size)
  gauge('earned_wei', 'Earned in all', () => mirror.ledger.totalEarnedWei)
  gauge('paid_wei', 'Paid in all, by the events of the contract', () => books.common.paidWei)
  gauge('owed_wei', 'Earned and not paid yet', () => mirror.ledger.totalEarnedWei - books.common.paidWei)
  gauge('chain_block', 'Newest block', () => vitals.signs?.blockNumber)
  gauge('indexed_block', 'Block up to which the books are', () => books.block)
  gauge('treasury_wei', 'Held by the contract', () => vitals.signs?.treasuryWei)
  gauge('window_room_wei', 'What the window still lets go', () => vitals.signs?.roomWei)
  gauge('gas_account_wei', 'Held by the core for gas', () => vitals.signs?.gasAccountWei)
  gauge('silence_left_seconds', 'Until anyone may freeze', () => {
    const { silentAt } = vitals.signs ?? {}
    return silentAt === undefined ? undefined : Number(silentAt) - Math.floor(Date.now() / 1000)
  })
  gauge('ingest_waiting', 'Batches that wait for the core', () => ingest.waiting.batches)
  gauge('ingest_waiting_bytes', 'Bytes of them', () => ingest.waiting.bytes)
  addGasSpent(registers, vitals)
  addLeftOut(registers, now)
}

function addGasSpent(registers: Registry[], vitals: Vitals): void {
  new Counter({
    name: 'bursar_gas_spent_wei_total',
    help: 'What left the gas account since the start',
    registers,
    collect() {
      this.reset()
      this.inc(Number(vitals.gasSpentWei))
    },
  })
}

/** Payees that wait, by the reason that the payer gives. */
function addLeftOut(registers: Registry[], { payer }: Observed): void {
  new Gauge({
    name: 'bursar_left_out',
    help: 'Payees owed and left out of the last payout, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      for (const { reason } of payer.leftOut.values()) this.inc({ reason })
    },
  })
}
