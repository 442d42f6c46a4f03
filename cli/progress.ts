/** What a reporter says while it works. Stdout belongs to the summary, so all of this goes to stderr. */
import type { Delivered } from './delivery.ts'
import type { Fault } from './fault.ts'

export interface Summary {
  readonly reporter: string
  /** Events and batches acknowledged in this run, among them events that credited nothing. */
  readonly events: number
  readonly batches: number
  readonly odd: number
  /** Bad lines and refused events that were left out. */
  readonly skipped: number
  /** Place of the last batch in the log, null before the first. */
  readonly lastPosition: number | null
}

export interface Terminal {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

export type Progress = ReturnType<typeof createProgress>

export function createProgress({ terminal, reporter }: { terminal: Terminal; reporter: string }) {
  const counts = { events: 0, batches: 0, odd: 0, skipped: 0, lastPosition: null as number | null }
  const erase = terminal.isTTY ? '\r\x1b[K' : ''

  const notice = (text: string): void => {
    terminal.write(`${erase}${text}\n`)
    show()
  }

  /** One line that is written over; only where someone watches. */
  function show(): void {
    if (!terminal.isTTY) return
    const { events, batches, lastPosition } = counts
    terminal.write(
      `${erase}${events} events in ${batches} batches acknowledged, last at position ${lastPosition ?? '-'}`,
    )
  }

  return {
    notice,

    delivered({ events, odd, receipt }: Delivered): void {
      counts.events += events
      counts.batches += 1
      counts.odd += odd.length
      counts.lastPosition = receipt.position
      if (odd.length > 0)
        notice(`${odd.length} events at position ${receipt.position} credited nothing: ${reasons(odd)}`)
      show()
    },

    skipped(fault: Fault): void {
      counts.skipped += 1
      notice(`left out: ${fault.message}`)
    },

    end(): Summary {
      if (terminal.isTTY) terminal.write('\n')
      return { reporter, ...counts }
    },
  }
}

const reasons = (odd: Delivered['odd']): string => [...new Set(odd.map(({ reason }) => reason))].join(', ')
