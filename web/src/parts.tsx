/** Small things that every view uses. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { ApiError } from '../../client/apiError.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Live } from './live.ts'
import { ago, ether, explorerOf, moment, short } from './words.ts'

export function Card({ title, children, id }: { title: string; id?: string; children: ComponentChildren }) {
  return (
    <section class="card" id={id} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

interface AnswerProps<T> {
  readonly title: string
  readonly live: Live<T>
  readonly children: (value: T) => ComponentChildren
}

/** A card that shows an answer once it is there, and what went wrong until then. */
export function Answer<T>({ title, live, children }: AnswerProps<T>) {
  return (
    <Card title={title}>
      {live.error && <Trouble error={live.error} />}
      {live.value ? children(live.value) : !live.error && <Waiting />}
    </Card>
  )
}

/** A sum with its unit; the exact one even where there is little room. */
export const Amount = ({ wei }: { wei: bigint }) => (
  <span class="amount">
    {ether(wei)} <abbr title="ether">ETH</abbr>
  </span>
)

/** One figure with what it means. */
export const Figure = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div class="figure">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** One line of a list: what it is, and beside it, or below it where there is little room, what belongs to it. */
export const Row = ({ children, side }: { children: ComponentChildren; side?: ComponentChildren }) => (
  <div class="line">
    <span>{children}</span>
    {side && <span class="quiet">{side}</span>}
  </div>
)

/** A moment as people say it; exactly, where one points at it. Unix seconds. */
export const When = ({ at }: { at: bigint }) => (
  <time dateTime={new Date(Number(at) * 1000).toISOString()} title={moment(Number(at))}>
    {ago(Number(at))}
  </time>
)

/** A long value: its ends are shown, all of it is copied. */
export function Long({ value, href }: { value: Hex; href?: string | undefined }) {
  const text = <code title={value}>{short(value)}</code>
  return (
    <span class="long">
      {href ? (
        <a href={href} rel="noreferrer" target="_blank">
          {text}
        </a>
      ) : (
        text
      )}
      <Copy text={value} what={short(value)} />
    </span>
  )
}

export const Transaction = ({ hash, chainId }: { hash: Hex; chainId: bigint | undefined }) => {
  const explorer = chainId === undefined ? undefined : explorerOf(chainId)
  return <Long value={hash} href={explorer && `${explorer}/tx/${hash}`} />
}

export const PayeeLink = ({ payee }: { payee: Hex }) => (
  <a href={`#/payee/${payee}`}>
    <code title={payee}>{short(payee)}</code>
  </a>
)

export function Copy({ text, what }: { text: string; what: string }) {
  const [isDone, setDone] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    setTimeout(() => setDone(false), 1_500)
  }
  return (
    <button type="button" class="copy" onClick={copy} aria-label={`copy ${what}`}>
      <span aria-live="polite">{isDone ? 'copied' : 'copy'}</span>
    </button>
  )
}

/** Why something cannot be shown, in place of it. */
export const Trouble = ({ error }: { error: ApiError }) => (
  <p class="trouble" role="status">
    {error.message} <code>{error.code}</code>
  </p>
)

export const Waiting = () => (
  <p class="quiet" role="status">
    asking …
  </p>
)

/** Saves text as a file of the visitor's. */
export function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
