/** The whole state of a core as plain chunks, before they are sealed: a head, then balances, then open sessions. */
import { type Hex, toBytes, toHex } from '../ledger/hex.ts'
import { invariant } from '../ledger/invariant.ts'
import { createLedger, type Ledger, setEarned } from '../ledger/state.ts'
import { hex, int, list, nullable, object, struct, uint, type Value } from '../protocol/codec.ts'

const accountsPerChunk = 65_536
const accountBytes = 32 // address, then earned as 12 bytes
const sessionsPerChunk = 5_000

const ownHead = object({ counter: uint(64), root: hex(32) })

/** What a core knows beside its ledger. */
const identity = {
  key: hex(32),
  epoch: uint(64),
  own: ownHead,
  anchored: ownHead,
}

const head = object({
  ...identity,
  configuration: struct('Configuration'),
  log: object({ size: int(2 ** 31), peaks: list(hex(32), 32) }),
  totalEarnedWei: uint(96),
  reporters: list(
    object({
      reporter: hex(20),
      nextSequence: uint(64),
      last: nullable(object({ leafHash: hex(32), position: int(2 ** 31) })),
      spentWei: uint(96),
      accountsBegun: uint(64),
    }),
    1000,
  ),
  accountChunks: int(2 ** 16),
})

const sessions = list(
  object({ reporter: hex(20), id: hex(32), payee: hex(20), tariff: hex(32), lastMs: uint(96), remainder: uint(64) }),
  sessionsPerChunk,
)

const identityCodec = object(identity)
export type Identity = Value<typeof identityCodec>

export interface Snapshot {
  readonly identity: Identity
  readonly ledger: Ledger
}

const utf8 = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8')
const parse = (chunk: Uint8Array): unknown => JSON.parse(Buffer.from(chunk).toString('utf8'))

function* slices<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let slice: T[] = []
  for (const item of items) {
    if (slice.push(item) < size) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/** The state as chunks of at most about 2 MiB. */
export function encodeSnapshot({ identity, ledger }: Snapshot): Uint8Array[] {
  const accountChunks = [...slices(ledger.accounts.values(), accountsPerChunk)].map((accounts) => {
    const chunk = new Uint8Array(accounts.length * accountBytes)
    accounts.forEach(({ payee, earnedWei }, i) => {
      chunk.set(toBytes(payee), i * accountBytes)
      chunk.set(toBytes(`0x${earnedWei.toString(16).padStart(24, '0')}`), i * accountBytes + 20)
    })
    return chunk
  })
  const reporters = [...ledger.reporters].map(([reporter, state]) => ({
    ...state,
    reporter,
    last: state.last ? { leafHash: toHex(state.last.leafHash), position: state.last.position } : null,
  }))
  const rows = [...ledger.reporters].flatMap(([reporter, state]) =>
    [...state.sessions].map(([id, session]) => ({ reporter, id, ...session })),
  )
  return [
    utf8(
      head.write({
        ...identity,
        configuration: ledger.rules.configuration,
        log: { size: ledger.log.size, peaks: ledger.log.peaks.map(toHex) },
        totalEarnedWei: ledger.totalEarnedWei,
        reporters,
        accountChunks: accountChunks.length,
      }),
    ),
    ...accountChunks,
    ...[...slices(rows, sessionsPerChunk)].map((slice) => utf8(sessions.write(slice))),
  ]
}

/** The state that {@link encodeSnapshot} wrote. Its chunks were sealed by a core: a fault in them is ours. */
export function decodeSnapshot([first, ...rest]: readonly Uint8Array[]): Snapshot {
  const { configuration, log, totalEarnedWei, reporters, accountChunks, ...identity } = head.read(
    parse(first as Uint8Array),
    'snapshot',
  )
  const ledger = createLedger(configuration)
  ledger.log = { size: log.size, peaks: log.peaks.map(toBytes) }
  ledger.totalEarnedWei = totalEarnedWei
  for (const { reporter, last, ...state } of reporters) {
    const position = last ? { leafHash: toBytes(last.leafHash), position: last.position } : undefined
    ledger.reporters.set(reporter, { ...state, last: position, sessions: new Map() })
  }
  for (const chunk of rest.slice(0, accountChunks)) readAccounts(ledger, chunk)
  for (const chunk of rest.slice(accountChunks)) {
    for (const { reporter, id, ...session } of sessions.read(parse(chunk), 'sessions'))
      ledger.reporters.get(reporter)?.sessions.set(id, session)
  }
  const sum = [...ledger.accounts.values()].reduce((total, account) => total + account.earnedWei, 0n)
  invariant(sum === totalEarnedWei, 'the balances of a snapshot do not add up to its total')
  return { identity, ledger }
}

function readAccounts(ledger: Ledger, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; at += accountBytes) {
    const payee: Hex = toHex(chunk.subarray(at, at + 20))
    setEarned(ledger, payee, BigInt(toHex(chunk.subarray(at + 20, at + accountBytes))))
  }
}
