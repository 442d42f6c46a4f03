import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { measure, writeEif } from '../../../../enclave/image/eif.ts'

const parts = {
  kernel: Buffer.from('kernel'),
  commandLine: 'console=ttyS0',
  ramdisks: [Buffer.from('first'), Buffer.from('second'), Buffer.from('third')] as const,
  metadata: { name: 'x' },
}

const zeros = Buffer.alloc(48)
const sha384 = (...content: readonly Uint8Array[]) => createHash('sha384').update(Buffer.concat(content)).digest()
const extended = (...content: readonly Uint8Array[]) => sha384(zeros, sha384(...content)).toString('hex')

/** Sections as the header says where they are. */
function readSections(eif: Buffer): [number, string][] {
  return Array.from({ length: eif.readUInt16BE(26) }, (_, n) => {
    const at = Number(eif.readBigUInt64BE(28 + 8 * n))
    const size = Number(eif.readBigUInt64BE(28 + 8 * 32 + 8 * n))
    expect(Number(eif.readBigUInt64BE(at + 4))).toBe(size)
    return [eif.readUInt16BE(at), eif.toString('utf8', at + 12, at + 12 + size)]
  })
}

test('behavior: version 4, every section where the header says', () => {
  const eif = Buffer.from(writeEif(parts))
  expect([eif.toString('latin1', 0, 4), eif.readUInt16BE(4), eif.readUInt16BE(6)]).toEqual(['.eif', 4, 0])
  expect(readSections(eif)).toEqual([
    [1, 'kernel'],
    [2, 'console=ttyS0'],
    [5, '{"name":"x"}'],
    [3, 'first'],
    [3, 'second'],
    [3, 'third'],
  ])
})

test('behavior: the checksum covers everything but itself', () => {
  const eif = Buffer.from(writeEif(parts))
  expect(eif.readUInt32BE(544)).toBe(crc32(eif.subarray(548), crc32(eif.subarray(0, 544))))
})

test('behavior: registers are what Nitro measures of which parts', () => {
  const [kernel, line, [first, second, third]] = [parts.kernel, Buffer.from(parts.commandLine), parts.ramdisks]
  expect(measure(parts)).toEqual({
    pcr0: extended(kernel, line, first, second, third),
    pcr1: extended(kernel, line, first),
    pcr2: extended(second, third),
  })
})
