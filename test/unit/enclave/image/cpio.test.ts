import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Entry, writeCpio } from '../../../../enclave/image/cpio.ts'

const entries: Entry[] = [
  { name: 'lib/one', data: Buffer.from('x') },
  { name: 'app', isExecutable: true, data: Buffer.from('hello') },
  { name: 'tmp' },
]

/** Members as Linux reads them (Documentation/driver-api/early-userspace/buffer-format.rst). */
function readMembers(archive: Uint8Array) {
  const bytes = Buffer.from(archive)
  const members: { name: string; fields: number[]; data: string }[] = []
  for (let at = 0; ; ) {
    expect(bytes.toString('latin1', at, at + 6)).toBe('070701')
    const fields = Array.from({ length: 13 }, (_, n) =>
      Number.parseInt(bytes.toString('latin1', at + 6 + 8 * n, at + 14 + 8 * n), 16),
    )
    const [size = 0, nameSize = 0] = [fields[6], fields[11]]
    const name = bytes.toString('utf8', at + 110, at + 110 + nameSize - 1)
    if (name === 'TRAILER!!!') return members
    at = (at + 110 + nameSize + 3) & ~3
    members.push({ name, fields, data: bytes.toString('utf8', at, at + size) })
    at = (at + size + 3) & ~3
  }
}

test('behavior: files, folders above them and modes, sorted by name', () => {
  const members = readMembers(writeCpio(entries)).map(({ name, fields, data }) => [name, fields[1]?.toString(8), data])
  expect(members).toEqual([
    ['app', '100755', 'hello'],
    ['lib', '40755', ''],
    ['lib/one', '100644', 'x'],
    ['tmp', '40755', ''],
  ])
})

test('behavior: nothing of who made it, and when', () => {
  for (const { fields } of readMembers(writeCpio(entries))) {
    const [inode, , uid, gid, links, mtime, , ...devices] = fields
    expect([uid, gid, links, mtime, ...devices.slice(0, 4), devices[5]]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0])
    expect(inode).toBeGreaterThan(0)
  }
})

test('behavior: the order of the entries changes no byte, and neither does another version of this writer', () => {
  const archive = writeCpio(entries)
  expect(writeCpio(entries.toReversed())).toEqual(archive)
  expect(archive.length % 512).toBe(0)
  expect(createHash('sha256').update(archive).digest('hex')).toMatchInlineSnapshot(
    `"3b08920c2692c1fbe004e8554c0e12b46d5ad6ad3a578c4fffcccdb715551a99"`,
  )
})

test('error: a file that is there twice', () => {
  expect(() => writeCpio([...entries, { name: 'app', data: Buffer.from('other') }])).toThrow(RangeError)
})
