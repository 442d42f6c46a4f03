/** Brings stored batches to the daemon, oldest first, one at a time, and believes an answer only after checking it. */
import {
  ApiError,
  type BatchAnswer,
  batchLeafHash,
  type Client,
  type Event,
  type Receipt,
  type SentBatch,
  signBatch,
  verifyReceipt,
} from '../client/index.ts'
import { Fault } from './fault.ts'
import type { Outbox, Pins } from './outbox.ts'
import type { Patience } from './patience.ts'
import type { KeepReceipt } from './receiptFolder.ts'

/** Refusals that go away when a batch is sent in two halves. */
const tooMuchAtOnce = ['BATCH_TOO_LARGE', 'BATCH_CAP_EXCEEDED', 'PAYEE_CAP_EXCEEDED', 'BODY_TOO_LARGE']

export interface Delivered {
  readonly events: number
  readonly odd: readonly { readonly index: number; readonly reason: string }[]
  readonly receipt: Receipt
}

export interface DeliveryOptions {
  readonly client: Client
  readonly outbox: Outbox
  readonly pins: Pins
  readonly secretKey: Uint8Array
  readonly patience: Patience
  readonly keep: KeepReceipt | undefined
  readonly onDelivered: (delivered: Delivered) => void
  /** Called for an event that the ledger refuses and that is left out; without it a refusal is a fault. */
  readonly skip: ((fault: Fault) => void) | undefined
}

export function createDelivery(options: DeliveryOptions) {
  const { client, outbox, pins, secretKey, patience, onDelivered, skip } = options
  let newest = newestHead(outbox.receipts())

  /** Sends what is stored and has no receipt. Waits while the daemon is away. @throws Fault; the signal's reason */
  async function deliverAll(signal: AbortSignal): Promise<void> {
    for (let batch = outbox.firstPending(); batch; batch = outbox.firstPending()) await deliver(batch, signal)
  }

  async function deliver(batch: SentBatch, signal: AbortSignal): Promise<void> {
    const answer = await ask(batch, signal)
    if (!answer) return
    const { receipt, status, odd } = answer
    if (!verifyReceipt(pins.domain, pins.core, receipt, batchLeafHash(batch))) throw badReceipt(batch)
    checkOneHistory(receipt, status)
    options.keep?.(batch, receipt)
    outbox.acknowledge(batch.batch.sequence, receipt)
    onDelivered({ events: batch.batch.events.length, odd, receipt })
  }

  /** The daemon's answer; nothing where it refused the batch and others took its place. */
  async function ask(batch: SentBatch, signal: AbortSignal): Promise<BatchAnswer | undefined> {
    try {
      return await patience.ask(() => client.sendBatch(batch), signal)
    } catch (error) {
      if (!(error instanceof ApiError) || !isRefusal(error)) throw error
      replaceRefused(batch, error)
      return undefined
    }
  }

  /** What the core signs after it accepted a batch is a longer log than all it signed before, and of one size there is one root. */
  function checkOneHistory({ head }: Receipt, status: string): void {
    const isFork = newest && head.size === newest.size && head.root !== newest.root
    const isOlder = newest && status === 'accepted' && head.size <= newest.size
    if (isFork || isOlder)
      throw new Fault(
        'LEDGER_FORKED',
        `the core signed a log of ${head.size} entries that does not follow the one of ${newest?.size}`,
        {
          next: 'send nothing more; keep the state file, whose receipts prove it, and show them to the operator and the payees',
        },
      )
    if (!newest || head.size > newest.size) newest = head
  }

  /** A refused batch consumed nothing, so others may take its sequence: halves of it, or all but one event. */
  function replaceRefused(batch: SentBatch, refusal: ApiError): void {
    const { sequence, events } = batch.batch
    const { event } = refusal.facts
    if (tooMuchAtOnce.includes(refusal.code) && events.length > 1) {
      const middle = Math.ceil(events.length / 2)
      replace(sequence, [events.slice(0, middle), events.slice(middle)])
    } else if (skip && typeof event === 'number' && events[event]) {
      skip(refused(batch, refusal))
      replace(sequence, [events.toSpliced(event, 1)])
    } else {
      throw refused(batch, refusal)
    }
  }

  /** Signs these instead of the batch, and again those that wait behind it, under the sequences that follow. */
  function replace(first: bigint, pieces: readonly (readonly Event[])[]): void {
    const behind = outbox.batchesFrom(first + 1n).map(({ batch }) => batch.events)
    const sign = (events: readonly Event[], i: number): SentBatch =>
      signBatch({ domain: pins.domain, secretKey, sequence: first + BigInt(i), events })
    outbox.replaceFrom(first, [...pieces, ...behind].map(sign))
  }

  return { deliverAll }
}

/** An answer about the batch itself; anything else is about the connection or the daemon. */
const isRefusal = ({ status, code }: ApiError): boolean => status >= 400 && status < 500 && code !== 'HTTP_ERROR'

const newestHead = (receipts: readonly Receipt[]): Receipt['head'] | undefined =>
  receipts
    .map(({ head }) => head)
    .reduce<Receipt['head'] | undefined>((a, b) => (a && a.size >= b.size ? a : b), undefined)

const badReceipt = ({ batch }: SentBatch): Fault =>
  new Fault('RECEIPT_INVALID', `the receipt of batch ${batch.sequence} is not signed by the core for this batch`, {
    next: 'the daemon is not what it says, or speaks to another core: ask the operator; nothing is lost, the batch is kept',
  })

function refused({ batch }: SentBatch, { code, message, facts }: ApiError): Fault {
  const named = typeof facts.event === 'number' ? batch.events[facts.event] : undefined
  const about = named ? ` (event ${facts.event}, id ${named.id})` : ''
  const details = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
  return new Fault(
    code,
    `batch ${batch.sequence} was refused: ${message}${about}${details.length > 0 ? `: ${details.join(', ')}` : ''}`,
    {
      next: nextStep(code, named !== undefined),
    },
  )
}

function nextStep(code: string, isOneEvent: boolean): string {
  if (code === 'BUDGET_EXCEEDED') return 'have the operator raise the budget, then run again: the batch is kept'
  if (code === 'SEQUENCE_GAP')
    return 'run again: then the state is compared with the ledger, and what is missing is told'
  if (code === 'SEQUENCE_REPEAT')
    return 'another program reports with this key, or with a copy of this state: end it; a key has one reporter'
  if (isOneEvent) return 'have the operator allow it and run again, or leave the event out with --skip-bad'
  return 'have the operator look at the configuration, then run again: the batch is kept'
}
