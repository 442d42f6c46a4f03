/** `bursar export`: events, accounts or payouts out of the store, for accounting. Amounts are exact decimal strings of wei. */
import { Argument, Command, Option } from 'commander'
import { hexToString } from 'viem'
import { wordsOf } from '../daemon/chain/reason.ts'
import type { LaneAndHost } from '../daemon/config.ts'
import { createBooks } from '../daemon/services/books.ts'
import { createMirror } from '../daemon/services/mirror.ts'
import { openStore } from '../daemon/store/open.ts'
import type { Store } from '../daemon/store/store.ts'
import { eventKind } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { readLane, type SettingsOptions, withSettings } from './settings.ts'

type Row = Readonly<Record<string, string>>
const kinds = ['events', 'accounts', 'payouts'] as const

interface Options extends SettingsOptions {
  readonly format: 'csv' | 'ndjson'
}

const help = `
events: every usage event of the log, as it was signed. accounts: what each payee earned and was paid. payouts: each payment, claim and exit.
The store is only read; the daemon may run.

Exit codes: 0, 2 the settings have faults.`

export const exportCommand = (): Command =>
  withSettings(new Command('export'))
    .description('write events, accounts or payouts to standard output, for accounting')
    .addArgument(new Argument('<what>').choices(kinds))
    .addOption(new Option('--format <format>', 'how').choices(['csv', 'ndjson']).default('csv'))
    .addHelpText('after', help)
    .action(run)

async function run(what: (typeof kinds)[number], { format, ...options }: Options): Promise<void> {
  const settings = readLane(options)
  const store = await openStore(settings.store, settings.rules.hash)
  try {
    await write(sources[what](store, settings), options.json ? 'ndjson' : format)
  } finally {
    await store.close()
  }
}

const kindNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(eventKind).map(([name, number]) => [number, name]),
)

/** A name or id as its reporter wrote it, or its bytes where it was longer. */
function nameOf(bytes32: Hex): string {
  const text = hexToString(bytes32, { size: 32 }).replace(/\0+$/, '')
  return /^[\x20-\x7e]*$/.test(text) ? text : bytes32
}

/** Every way to read the store, as rows whose members are the columns. */
const sources: Readonly<Record<(typeof kinds)[number], (store: Store, config: LaneAndHost) => AsyncIterable<Row>>> = {
  async *events(store) {
    for await (const { position, signed } of store.entries()) {
      if (!('batch' in signed)) continue // preferences and configurations hold no usage
      const { reporter, sequence, events } = signed.batch
      for (const [index, { kind, id, payee, tariff, value }] of events.entries())
        yield {
          position: `${position}`,
          reporter,
          sequence: `${sequence}`,
          index: `${index}`,
          kind: kindNames[kind] ?? `${kind}`,
          id: nameOf(id),
          payee,
          tariff: nameOf(tariff),
          value: `${value}`,
        }
    }
  },
  async *accounts(store, { rules }) {
    const mirror = createMirror({ rules, store })
    await mirror.catchUp()
    const books = createBooks({ store })
    await books.reload()
    for (const { payee, balance } of mirror.ledger.accounts.values()) {
      const paidWei = books.of(payee)?.paidWei ?? 0n
      yield {
        payee,
        earned_wei: `${balance.earnedWei}`,
        paid_wei: `${paidWei}`,
        owed_wei: `${balance.earnedWei - paidWei}`,
      }
    }
  },
  async *payouts(store) {
    for await (const { name, args, blockNumber, blockTime, transactionHash } of store.events()) {
      if (name !== 'Paid' && name !== 'PaymentFailed' && name !== 'Claimed' && name !== 'Exited') continue
      const status = { Paid: 'paid', PaymentFailed: 'failed', Claimed: 'claimed', Exited: 'exited' }[name]
      yield {
        time: new Date(blockTime * 1000).toISOString(),
        block: `${blockNumber}`,
        transaction_hash: transactionHash,
        payee: args.payee,
        status,
        rail: name === 'Paid' && args.ticket ? 'ticket' : 'direct',
        amount_wei: `${args.amount}`,
        reason: name === 'PaymentFailed' ? wordsOf(args.reason) : '',
      }
    }
  },
}

async function write(rows: AsyncIterable<Row>, format: Options['format']): Promise<void> {
  let isFirst = true
  for await (const row of rows) {
    if (format === 'csv' && isFirst) await out(Object.keys(row).join(','))
    isFirst = false
    await out(format === 'csv' ? Object.values(row).map(cell).join(',') : JSON.stringify(row))
  }
}

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe: reasons are written by payees' contracts. */
const cell = (text: string): string => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Waits where the reader is slower. */
const out = (line: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
