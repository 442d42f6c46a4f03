/** Entries of the log as the daemon sends many of them: each one's bytes after their length in four, big-endian. */
import { ApiError } from './apiError.ts'

/** No entry is longer: a batch of 1,000 events has 160 kB. */
const entryBytesMax = 8 * 1024 * 1024

/** @throws ApiError `BAD_ANSWER` where the bytes are no whole number of entries */
export function cutEntries(untrusted: Uint8Array): Uint8Array[] {
  const view = new DataView(untrusted.buffer, untrusted.byteOffset, untrusted.byteLength)
  const entries: Uint8Array[] = []
  for (let at = 0; at < untrusted.length; ) {
    const length = at + 4 <= untrusted.length ? view.getUint32(at) : entryBytesMax + 1
    if (length > entryBytesMax || at + 4 + length > untrusted.length)
      throw new ApiError('BAD_ANSWER', 'the entries of the log end in the middle of one', { status: 200 })
    entries.push(untrusted.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return entries
}
