/** A listener to server-sent events. */
import { expect, onTestFinished, vi } from 'vitest'
import { waiting } from './support.ts'

export interface Told {
  readonly event: string
  readonly id: string
  readonly data: Record<string, unknown>
}

/** Listens until the test ends. */
export async function listenTo(url: string, headers: Readonly<Record<string, string>> = {}) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const response = await fetch(url, { signal: stop.signal, headers })
  const told: Told[] = []
  const listener = { status: response.status, told, firstId: '', stop: () => stop.abort() }
  let text = ''
  void (async () => {
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        text = text.slice(end + 2)
        if (fields.event) told.push({ event: fields.event, id: fields.id ?? '', data: JSON.parse(fields.data ?? '{}') })
        else listener.firstId ||= fields.id ?? ''
      }
    }
  })().catch(() => undefined) // the listener hung up
  return listener
}

/** Waits until it was told something like this. */
export const until = (listener: { told: readonly Told[] }, wanted: object): Promise<void> =>
  vi.waitFor(() => expect(listener.told).toContainEqual(expect.objectContaining(wanted)), waiting)
