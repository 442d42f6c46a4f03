import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBody, encodeFrame, FrameReader, frameBytesMax } from '../../../protocol/frame.ts'
import { expectRefusal } from '../ledger/support.ts'

const messages = [{ id: 1, method: 'status', params: {} }, 'ü€😀', null, 0, [], { deep: [{ er: ['x'.repeat(300)] }] }]
const stream = Buffer.concat(messages.map(encodeFrame))
const header = (length: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

const readAll = (chunks: readonly Uint8Array[]): unknown[] => {
  const reader = new FrameReader()
  const read = chunks.flatMap((chunk) => [...reader.push(chunk)]).map(decodeBody)
  expect(reader.isMidFrame).toBe(false)
  return read
}

test('encodeFrame: two lengths in four bytes each, big end first, then UTF-8 JSON', () => {
  expect([...encodeFrame('ü')]).toEqual([0, 0, 0, 8, 0, 0, 0, 4, 0x22, 0xc3, 0xbc, 0x22])
})

test('encodeFrame: bytes lie behind the JSON, in the order of the places that they were taken from', () => {
  const message = { a: [Uint8Array.of(1, 2), null], b: { c: Buffer.of(3) }, d: 'x' }
  const json = '{"a":[{"":2},null],"b":{"c":{"":1}},"d":"x"}'
  const frame = encodeFrame(message)
  expect(Buffer.from(frame.subarray(8)).toString('latin1')).toBe(`${json}\x01\x02\x03`)
  const read = decodeBody(frame.subarray(4))
  expect(JSON.stringify(read)).toBe(JSON.stringify({ ...message, a: [Buffer.of(1, 2), null] }))
})

describe('FrameReader', () => {
  test('default: several frames in one chunk', () => expect(readAll([stream])).toEqual(messages))

  test('behavior: split at every byte', () => {
    for (let at = 0; at <= stream.length; at++)
      expect(readAll([stream.subarray(0, at), stream.subarray(at)])).toEqual(messages)
  })

  test('behavior: byte by byte, with empty chunks between', () => {
    const chunks = [...stream].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()])
    expect(readAll(chunks)).toEqual(messages)
  })

  test('behavior: a frame of no bytes is a body of no bytes', () => {
    expect([...new FrameReader().push(header(0))].map((body) => body.length)).toEqual([0])
  })

  test('behavior: isMidFrame from the first byte of a frame to its last', () => {
    const reader = new FrameReader()
    const frame = encodeFrame(1)
    expect(reader.isMidFrame).toBe(false)
    for (const byte of frame.subarray(0, -1)) {
      expect([...reader.push(Uint8Array.of(byte))]).toEqual([])
      expect(reader.isMidFrame).toBe(true)
    }
    expect([...reader.push(frame.subarray(-1))]).toHaveLength(1)
    expect(reader.isMidFrame).toBe(false)
  })

  test('behavior: isMidFrame while a frame waits behind one that was taken', () => {
    const reader = new FrameReader()
    const bodies = reader.push(Buffer.concat([encodeFrame(1), encodeFrame(2)]))
    expect(bodies.next().done).toBe(false)
    expect(reader.isMidFrame).toBe(true)
  })

  test.each([frameBytesMax + 1, 2 ** 31, 2 ** 32 - 1])(
    'FRAME_TOO_LARGE: %i bytes, before the first of them',
    (length) => {
      const act = () => new FrameReader().push(header(length)).next()
      expectRefusal(act, 'FRAME_TOO_LARGE', { max: frameBytesMax, got: length })
    },
  )

  test('FRAME_TOO_LARGE: where the header came byte by byte, and after a good frame', () => {
    const reader = new FrameReader()
    expect([...reader.push(encodeFrame(1))]).toHaveLength(1)
    const long = header(frameBytesMax + 1)
    for (const byte of long.subarray(0, 3)) expect([...reader.push(Uint8Array.of(byte))]).toEqual([])
    const facts = { max: frameBytesMax, got: frameBytesMax + 1 }
    expectRefusal(() => [...reader.push(long.subarray(3))], 'FRAME_TOO_LARGE', facts)
  })

  test('FRAME_TOO_LARGE: in the chunk of a good frame, after that frame', () => {
    const bodies = new FrameReader().push(Buffer.concat([encodeFrame(1), header(frameBytesMax + 1)]))
    expect(decodeBody(bodies.next().value as Uint8Array)).toBe(1)
    expectRefusal(() => bodies.next(), 'FRAME_TOO_LARGE', { max: frameBytesMax, got: frameBytesMax + 1 })
  })

  test('row 31: a frame in a million pieces is held once, not as a million pieces', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const reader = new FrameReader()
    reader.push(header(frameBytesMax)).next()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let sent = 0; sent < 1_000_000; sent++) reader.push(Uint8Array.of(0x20)).next()
    collect()
    expect(reader.isMidFrame).toBe(true)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
  })

  test('behavior: whatever the stream and wherever it is cut, bodies that are not asked for wait their turn', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 12 })
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 0, max: 40 })), (bodies, cuts) => {
        const whole = Buffer.concat(bodies.flatMap((body) => [header(body.length), body]))
        const reader = new FrameReader()
        const got: Uint8Array[] = []
        let at = 0
        let last = reader.push(new Uint8Array())
        while (at < whole.length) {
          const end = at + (cuts.next().value as number)
          last = reader.push(whole.subarray(at, end))
          at = end
          if (end % 3 === 0) got.push(...last) // otherwise they are asked for behind the next piece
        }
        got.push(...last)
        expect(got.map((body) => Buffer.from(body))).toEqual(bodies.map((body) => Buffer.from(body)))
        expect(reader.isMidFrame).toBe(false)
      }),
    )
  })

  test('behavior: the longest frame, in many chunks', () => {
    const reader = new FrameReader()
    reader.push(header(frameBytesMax))
    const chunk = new Uint8Array(64 * 1024).fill(0x20)
    const bodies: Uint8Array[] = []
    for (let sent = 0; sent < frameBytesMax; sent += chunk.length) bodies.push(...reader.push(chunk))
    expect(bodies.map((body) => body.length)).toEqual([frameBytesMax])
  })
})

test('FRAME_TOO_LARGE: encodeFrame makes none that the other side refuses', () => {
  const act = () => encodeFrame('x'.repeat(frameBytesMax - 5))
  expectRefusal(act, 'FRAME_TOO_LARGE', { max: frameBytesMax, got: frameBytesMax + 1 })
  expect(encodeFrame('x'.repeat(frameBytesMax - 6)).length).toBe(4 + frameBytesMax)
})

/** A body of this JSON with these parts. */
const bodyOf = (json: Uint8Array, parts: Uint8Array = new Uint8Array()): Uint8Array =>
  Buffer.concat([header(json.length), json, parts])

describe('decodeBody', () => {
  test.each<[string, readonly number[]]>([
    ['nothing', []],
    ['no JSON', [0x7b]],
    ['two values', [0x31, 0x20, 0x32]],
    ['UTF-8 cut short', [0x22, 0xc3, 0x22]],
    ['a byte of no UTF-8', [0x22, 0xff, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a lone surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x31, 0x00]],
  ])('MALFORMED_FRAME: %s', (_, body) => {
    expectRefusal(() => decodeBody(bodyOf(Uint8Array.from(body))), 'MALFORMED_FRAME', {})
  })

  test('behavior: JSON ten thousand deep is a value or a refusal, never a crash', () => {
    const deep = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(decodeBody(bodyOf(deep(10_000)))).toBeInstanceOf(Array)
    expectRefusal(() => decodeBody(bodyOf(deep(1_000_000), Uint8Array.of(1))), 'MALFORMED_FRAME', {})
    expectRefusal(() => decodeBody(bodyOf(Buffer.from('['.repeat(1_000_000)))), 'MALFORMED_FRAME', {})
  })

  const part = (length: unknown) => Buffer.from(JSON.stringify({ a: { '': length } }))
  test.each<[string, Uint8Array, Uint8Array]>([
    ['a part that is missing', part(3), Uint8Array.of(1, 2)],
    ['a part that belongs nowhere', part(2), Uint8Array.of(1, 2, 3)],
    ['a part that no place is for', Buffer.from('{}'), Uint8Array.of(1)],
    ['a part of less than nothing', part(-1), Uint8Array.of(1)],
    ['a part of half a byte', part(0.5), Uint8Array.of(1)],
    ['a part of no length', part('1'), Uint8Array.of(1)],
  ])('MALFORMED_FRAME: %s', (_, json, parts) => {
    expectRefusal(() => decodeBody(bodyOf(json, parts)), 'MALFORMED_FRAME', {})
  })

  test('MALFORMED_FRAME: less than the length of the JSON, or JSON longer than the body', () => {
    for (const body of [[], [0, 0, 0], [0, 0, 0, 2, 0x31], [255, 255, 255, 255, 0x31]])
      expectRefusal(() => decodeBody(Uint8Array.from(body)), 'MALFORMED_FRAME', {})
  })

  test('behavior: a place for a part, without one, is an object like any other', () => {
    expect(decodeBody(bodyOf(part(0)))).toEqual({ a: { '': 0 } })
  })
})
