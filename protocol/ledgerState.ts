/**
 * The state of a ledger as plain chunks: a head, then balances, preferences, open sessions. The core seals them, a mirror
 * keeps them as they are; either goes on from them instead of from the first entry of the log.
 */
import { rowBytes } from '../ledger/accounts.ts'
import { checkConfiguration, reportersEverMax } from '../ledger/config.ts'
import { toBytes, toHex, utf8 } from '../ledger/hex.ts'
import { invariant } from '../ledger/invariant.ts'
import { emptyLedger, type Ledger } from '../ledger/state.ts'
import { count, hex, list, nullable, object, struct, uint } from './codec.ts'

const accountsPerChunk = 65_536
const rowsPerChunk = 5_000

const head = object({
  configuration: struct('Configuration'),
  log: object({ size: count, peaks: list(hex(32), 32) }),
  totalEarnedWei: uint(96),
  reporters: list(
    object({
      reporter: hex(20),
      nextSequence: uint(64),
      last: nullable(object({ leafHash: hex(32), position: count })),
      spentWei: uint(96),
      accountsBegun: uint(64),
    }),
    reportersEverMax,
  ),
  accountChunks: count,
  preferenceChunks: count,
})

const preferences = list(struct('Preference'), rowsPerChunk)

const sessions = list(
  object({ reporter: hex(20), id: hex(32), payee: hex(20), tariff: hex(32), lastMs: uint(96), remainder: uint(64) }),
  rowsPerChunk,
)

/** The bytes of some JSON. */
export const toJson = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
/** What those bytes say. Throws where they are no JSON. */
export const fromJson = (chunk: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(chunk))

const slices = <T extends { readonly length: number; slice(from: number, to: number): T }>(
  items: T,
  size: number,
): T[] => Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

/** The state as chunks of at most about 3 MiB. */
export function encodeLedger(ledger: Ledger): Uint8Array[] {
  const { accounts } = ledger
  const accountChunks = slices(accounts.rows(0, accounts.size), accountsPerChunk * rowBytes)
  const preferenceChunks = slices([...accounts.preferences()], rowsPerChunk).map((rows) =>
    toJson(preferences.write(rows)),
  )
  const reporters = [...ledger.reporters].map(([reporter, state]) => ({
    ...state,
    reporter,
    last: state.last ? { leafHash: toHex(state.last.leafHash), position: state.last.position } : null,
  }))
  const open = [...ledger.reporters].flatMap(([reporter, state]) =>
    [...state.sessions].map(([id, session]) => ({ reporter, id, ...session })),
  )
  const first = head.write({
    configuration: ledger.rules.configuration,
    log: { size: ledger.log.size, peaks: ledger.log.peaks.map(toHex) },
    totalEarnedWei: ledger.totalEarnedWei,
    reporters,
    accountChunks: accountChunks.length,
    preferenceChunks: preferenceChunks.length,
  })
  const sessionChunks = slices(open, rowsPerChunk).map((rows) => toJson(sessions.write(rows)))
  return [toJson(first), ...accountChunks, ...preferenceChunks, ...sessionChunks]
}

/** The state that {@link encodeLedger} wrote. Whoever kept the chunks answers for them: a fault in them is ours. */
export function decodeLedger([first, ...rest]: readonly Uint8Array[]): Ledger {
  const { configuration, log, totalEarnedWei, reporters, accountChunks, preferenceChunks } = head.read(
    fromJson(first as Uint8Array),
    'ledger',
  )
  const ledger = emptyLedger(checkConfiguration(configuration))
  ledger.log = { size: log.size, peaks: log.peaks.map(toBytes) }
  ledger.totalEarnedWei = totalEarnedWei
  for (const { reporter, last, ...state } of reporters) {
    const position = last ? { leafHash: toBytes(last.leafHash), position: last.position } : undefined
    ledger.reporters.set(reporter, { ...state, last: position, sessions: new Map() })
  }
  const firstSession = accountChunks + preferenceChunks
  for (const rows of rest.slice(0, accountChunks)) ledger.accounts.append(rows)
  for (const chunk of rest.slice(accountChunks, firstSession))
    for (const one of preferences.read(fromJson(chunk), 'preferences')) ledger.accounts.setPreference(one)
  for (const chunk of rest.slice(firstSession)) readSessions(ledger, chunk)
  let sum = 0n
  for (const { balance } of ledger.accounts.values()) sum += balance.earnedWei
  invariant(sum === totalEarnedWei, 'the balances of a ledger do not add up to its total')
  return ledger
}

function readSessions(ledger: Ledger, chunk: Uint8Array): void {
  for (const { reporter, id, ...session } of sessions.read(fromJson(chunk), 'sessions')) {
    const state = ledger.reporters.get(reporter)
    invariant(state !== undefined, 'a session of nobody')
    state.sessions.set(id, session)
  }
}
