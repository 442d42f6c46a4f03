/** Each event behind a balance: which batch of which reporter brought how much, and for what. */
import { useState } from 'preact/hooks'
import type { AccountEntry } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Event } from '../../ledger/structs.ts'
import { client, useLive } from './live.ts'
import { Amount, Card, Trouble } from './parts.tsx'
import { grouped, short } from './words.ts'

const pageLength = 10
const kinds = ['work', 'session begins', 'session goes on', 'session ends', 'credit', 'debit'] as const

export function Events({ payee }: { payee: Hex }) {
  const [pages, setPages] = useState<readonly (string | undefined)[]>([undefined])
  const before = pages.at(-1)
  const { value, error } = useLive(`entries ${payee} ${before}`, (signal) =>
    client.accountEntries(payee, { limit: pageLength, ...(before === undefined ? {} : { before }) }, { signal }),
  )
  const { next } = value ?? {}
  return (
    <Card title="What it is for">
      {error && <Trouble error={error} />}
      <ol class="list">
        {value?.entries.map((entry) => (
          <Batch key={entry.position} entry={entry} />
        ))}
      </ol>
      <div class="row">
        {pages.length > 1 && (
          <button type="button" onClick={() => setPages(pages.slice(0, -1))}>
            Newer
          </button>
        )}
        {next && (
          <button type="button" onClick={() => setPages([...pages, next])}>
            Older
          </button>
        )}
      </div>
    </Card>
  )
}

export const Batch = ({ entry: { position, reporter, sequence, gainWei, events } }: { entry: AccountEntry }) => (
  <li>
    <details>
      <summary>
        {gainWei > 0n ? (
          <span class="good">
            + <Amount wei={gainWei} />
          </span>
        ) : (
          <span>Nothing yet</span>
        )}{' '}
        <span class="quiet">
          by {wordsFor(events.length)}, entry {grouped(position)} of the log
        </span>
      </summary>
      <p class="quiet">
        Batch {grouped(sequence)} of reporter <code title={reporter}>{short(reporter)}</code>
      </p>
      <ul class="list">
        {events.map((event, i) => (
          <li key={`${i} ${event.id}`}>
            {kinds[event.kind]} <code title={event.id}>{nameOf(event.id)}</code>: {amountOf(event)}
          </li>
        ))}
      </ul>
    </details>
  </li>
)

/** A session names its payee at its start only: what goes on in it is not among the events that do. */
function wordsFor(events: number): string {
  if (events === 0) return 'a session that goes on'
  return events === 1 ? 'one event' : `${events} events`
}

/** A name that was written as bytes is read as such; other ids are hashes of longer names. */
function nameOf(id: Hex): string {
  const bytes = (
    id
      .slice(2)
      .replace(/(00)+$/, '')
      .match(/../g) ?? []
  ).map((pair) => Number.parseInt(pair, 16))
  const isText = bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f)
  return isText ? String.fromCharCode(...bytes) : short(id)
}

function amountOf({ kind, tariff, value }: Event): string {
  if (kind === 0) return `${grouped(value)} units of ${nameOf(tariff)}`
  if (kind >= 4) return `${grouped(value)} wei`
  return `at ${new Date(Number(value)).toISOString()} by the reporter's clock`
}
