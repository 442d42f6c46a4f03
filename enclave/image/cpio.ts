/** Ramdisks: cpio archives of format "newc", whose bytes follow from names and contents alone. */

/** A file or folder of the image. Folders have no data. */
export interface Entry {
  /** Without a leading slash. */
  readonly name: string
  readonly data?: Uint8Array
  readonly isExecutable?: boolean
}

const folderMode = 0o040755
const fileMode = 0o100644
const programMode = 0o100755
/** Linux takes ramdisks one behind the other; each begins at a multiple of this. */
const blockBytes = 512

/** One archive: sorted by name, every owner root, every time zero. Folders above an entry are added. */
export function writeCpio(entries: readonly Entry[]): Uint8Array {
  const all = new Map<string, Entry>()
  for (const entry of entries) {
    for (const folder of foldersAbove(entry.name)) if (!all.has(folder)) all.set(folder, { name: folder })
    if (all.get(entry.name)?.data) throw new RangeError(`${entry.name} is there twice`)
    all.set(entry.name, entry)
  }
  const sorted = [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const parts = sorted.flatMap((entry, index) => member(entry, index + 1))
  parts.push(...member({ name: 'TRAILER!!!' }, 0, 0))
  return pad(Buffer.concat(parts), blockBytes)
}

function foldersAbove(name: string): string[] {
  const steps = name.split('/').slice(0, -1)
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'))
}

function member({ name, data, isExecutable }: Entry, inode: number, mode = modeOf(data, isExecutable)): Uint8Array[] {
  const path = Buffer.from(`${name}\0`)
  const content = data ?? Buffer.alloc(0)
  // inode, mode, uid, gid, links, mtime, size, device (2), device of a special file (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0]
  const header = Buffer.from(`070701${fields.map(hex).join('')}`)
  return [pad(Buffer.concat([header, path]), 4), pad(content, 4)]
}

const modeOf = (data: Uint8Array | undefined, isExecutable = false): number =>
  data ? (isExecutable ? programMode : fileMode) : folderMode

const hex = (field: number): string => field.toString(16).toUpperCase().padStart(8, '0')

function pad(bytes: Uint8Array, multiple: number): Uint8Array {
  const missing = (multiple - (bytes.length % multiple)) % multiple
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)])
}
