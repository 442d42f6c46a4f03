/**
 * How far an input has been read, so that the same input, given again, goes on behind what is stored already.
 *
 * An input is known by its first line; how far it came, by the number of lines and a hash over all of them. This holds for a
 * file that grew and for a pipe whose producer starts over alike, and another input (another first line) begins at its start.
 */
import { createHash } from 'node:crypto'
import { type AcceptableCode, Fault } from './fault.ts'

export interface InputPlace {
  /** Hash of the first line: which input this is. */
  readonly input: string
  /** Lines read so far, and the hash over all of them. */
  readonly lines: number
  readonly digest: string
}

export interface InputPlaceOptions {
  /** What is stored of an input that begins with this line. */
  readonly find: (input: string) => InputPlace | undefined
  readonly isAccepted: (code: AcceptableCode) => boolean
}

export type InputReader = ReturnType<typeof createInputReader>

export function createInputReader({ find, isAccepted }: InputPlaceOptions) {
  let place: InputPlace | undefined
  let known: InputPlace | undefined

  return {
    get place(): InputPlace | undefined {
      return place
    },

    /** Takes the next line; whether it is new, and not among those stored before. @throws Fault `INPUT_CHANGED` */
    take(line: string): boolean {
      const digest = hash((place?.digest ?? '') + line)
      if (!place && !isAccepted('INPUT_CHANGED')) known = find(digest)
      place = { input: place?.input ?? digest, lines: (place?.lines ?? 0) + 1, digest }
      if (!known || place.lines > known.lines) return true
      if (place.lines === known.lines && digest !== known.digest) throw changed(known)
      return false
    },

    /** The input has ended. @throws Fault `INPUT_CHANGED`: shorter than what is stored of it */
    end(): void {
      if (known && place && place.lines < known.lines) throw changed(known)
    },
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

const changed = ({ lines }: InputPlace): Fault =>
  new Fault('INPUT_CHANGED', `${lines} lines of an input that began with this line were stored, and they were others`, {
    next: 'give the input as it was, with new lines at its end; or, if nothing in it was reported before, add --accept INPUT_CHANGED',
    exitCode: 2,
  })
