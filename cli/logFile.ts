/** A log on this disk, as the daemon serves it: each entry's bytes after their length. Only ever appended to, so a download goes on where it ended. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { type Client, LogTree } from '../client/index.ts'
import { leafHash } from '../ledger/eventLog.ts'

const readBytes = 4 * 1024 * 1024

export type LogFile = ReturnType<typeof openLogFile>

/** Opens or makes it; what a crash left half written at its end is cut off. */
export function openLogFile(path: string) {
  const fd = openSync(path, 'a+')
  /** Where each entry begins, and where the last one ends. */
  const offsets = findOffsets(fd)
  ftruncateSync(fd, offsets.at(-1))

  return {
    get size(): number {
      return offsets.length - 1
    },
    append(entries: readonly Uint8Array[]): void {
      const parts = entries.flatMap((entry) => {
        const length = new Uint8Array(4)
        new DataView(length.buffer).setUint32(0, entry.length)
        offsets.push((offsets.at(-1) as number) + 4 + entry.length)
        return [length, entry]
      })
      writeSync(fd, Buffer.concat(parts))
    },
    read(from: number, count: number): Uint8Array[] {
      const end = Math.min(from + count, offsets.length - 1)
      const [first, last] = [offsets[from] as number, offsets[end] as number]
      const bytes = new Uint8Array(last - first)
      readSync(fd, bytes, 0, bytes.length, first)
      return Array.from({ length: end - from }, (_, i) =>
        bytes.subarray((offsets[from + i] as number) - first + 4, (offsets[from + i + 1] as number) - first),
      )
    },
    /** Forgets everything. */
    clear(): void {
      ftruncateSync(fd, 0)
      offsets.length = 1
    },
    close: (): void => closeSync(fd),
  }
}

/** The tree over all entries of a file. */
export function treeOf(file: LogFile): LogTree {
  const tree = new LogTree()
  for (let at = 0; at < file.size; at += 500) for (const leaf of file.read(at, 500)) tree.append(leafHash(leaf))
  return tree
}

function findOffsets(fd: number): number[] {
  const offsets = [0]
  const { size } = fstatSync(fd)
  const chunk = new Uint8Array(readBytes)
  const view = new DataView(chunk.buffer)
  for (let start = 0; start < size; ) {
    const got = readSync(fd, chunk, 0, readBytes, start)
    let at = 0
    while (at + 4 <= got && start + at + 4 + view.getUint32(at) <= size) {
      at += 4 + view.getUint32(at)
      offsets.push(start + at)
      if (at > got) break
    }
    if (at === 0) break
    start += at
  }
  return offsets
}

/** Fetches what the daemon has more of, up to `size`. @throws ApiError; what was fetched stays */
export async function download(
  client: Client,
  file: LogFile,
  size: number,
  say: (entries: number) => void,
): Promise<void> {
  while (file.size < size) {
    const entries = await client.entries(file.size, Math.min(1_000, size - file.size))
    if (entries.length === 0) return
    file.append(entries)
    say(file.size)
  }
}
