/** Answers that stay fresh: asked again whenever the daemon's stream says that something happened. */
import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../../client/apiError.ts'
import { createClient } from '../../client/client.ts'

/** Where this page was served, and with it the API: of the daemon, or of one lane of it. */
export const base = new URL('.', location.href).href

/** The daemon that served this page. What it answers is a claim; `verify.tsx` is where it is judged. */
export const client = createClient({ url: base, fetch: (...order) => fetch(...order) })

export interface Live<T> {
  /** The last good answer. */
  readonly value: T | undefined
  /** Why the newest question has no answer. */
  readonly error: ApiError | undefined
}

/** Where no stream can be had, everything is asked again this often. */
const pollMs = 10_000
/** A commit is many events at once: they are answered with one round of questions. */
const settleMs = 300

let stream: EventSource | undefined
const listeners = new Set<() => void>()

/** Calls back after events of the daemon, and now and then in any case. One stream for the whole page. */
function onChange(listener: () => void): () => void {
  listeners.add(listener)
  if (!stream) {
    stream = new EventSource('api/stream')
    for (const name of streamEvents) stream.addEventListener(name, tellSoon)
  }
  const forget = nowAndThen(listener)
  return () => {
    forget()
    listeners.delete(listener)
  }
}

/** Calls back now and then. */
function nowAndThen(listener: () => void): () => void {
  const timer = setInterval(listener, pollMs)
  return () => clearInterval(timer)
}

const streamEvents = ['anchor', 'boot', 'payout', 'rewind'] as const
let isTelling = false

function tellSoon(): void {
  if (isTelling) return
  isTelling = true
  setTimeout(() => {
    isTelling = false
    for (const listener of listeners) listener()
  }, settleMs)
}

type Ask<T> = (signal: AbortSignal) => Promise<T>

/** Asks, and asks again when something changed. `key` says what is asked for: another key begins anew. */
export const useLive = <T>(key: string, ask: Ask<T>): Live<T> => useFresh(key, ask, onChange)

/** Asks again now and then, where there is no one stream that says when. */
export const usePolled = <T>(key: string, ask: Ask<T>): Live<T> => useFresh(key, ask, nowAndThen)

function useFresh<T>(key: string, ask: Ask<T>, subscribe: typeof onChange): Live<T> {
  const [state, setState] = useState<Live<T> & { key: string }>({ key, value: undefined, error: undefined })
  useEffect(() => {
    const stop = new AbortController()
    let isAsking = false
    let isStale = false
    const refresh = async () => {
      isStale = isAsking
      if (isAsking) return
      isAsking = true
      try {
        const value = await ask(stop.signal)
        if (!stop.signal.aborted) setState({ key, value, error: undefined })
      } catch (error) {
        if (stop.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        setState((before) => ({ key, value: before.key === key ? before.value : undefined, error }))
      } finally {
        isAsking = false
      }
      if (isStale) refresh()
    }
    refresh()
    const forget = subscribe(refresh)
    return () => {
      forget()
      stop.abort()
    }
  }, [key])
  return state.key === key ? state : { value: undefined, error: undefined }
}
