/** Spoils bytes in the ways in which parsers are surprised. The same seed spoils the same way. */

export type Mutator = (original: Uint8Array) => Uint8Array

/** Bytes that mean much in CBOR or DER. */
const meaningful = [0x00, 0x01, 0x17, 0x18, 0x19, 0x1b, 0x30, 0x40, 0x58, 0x5f, 0x7f, 0x80, 0x81, 0x82, 0x9f, 0xa0]
meaningful.push(0xa3, 0xbf, 0xd2, 0xf6, 0xf7, 0xfb, 0xff)

/** A mutator that never gives back what it got; `donors` are what it splices from. */
export function createMutator(seed: number, donors: readonly Uint8Array[]): Mutator {
  const random = createRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const byte = (): number => (random() < 0.5 ? below(256) : (meaningful[below(meaningful.length)] as number))
  /** Most ranges are short, some are long. */
  const range = (length: number): [number, number] => {
    const from = below(length)
    return [from, Math.min(length, from + 1 + below(random() < 0.8 ? 8 : 600))]
  }
  const splice = (bytes: Uint8Array, from: number, to: number, inserted: Uint8Array): Uint8Array =>
    Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(to)])
  const replace = (bytes: Uint8Array, change: (byte: number) => number): Uint8Array => {
    const place = below(bytes.length)
    const changed = Uint8Array.from(bytes)
    changed[place] = change(bytes[place] as number)
    return changed
  }
  const operations: readonly Mutator[] = [
    (bytes) => replace(bytes, (value) => value ^ (1 << below(8))),
    (bytes) => replace(bytes, byte),
    (bytes) => replace(bytes, (value) => (value + (random() < 0.5 ? 1 : 255)) & 0xff),
    (bytes) => splice(bytes, ...range(bytes.length), new Uint8Array()),
    (bytes) => {
      const place = below(bytes.length + 1)
      return splice(bytes, place, place, Uint8Array.from({ length: 1 + below(4) }, byte))
    },
    (bytes) => {
      const [from, to] = range(bytes.length)
      return splice(bytes, to, to, bytes.subarray(from, to))
    },
    (bytes) => bytes.subarray(0, below(bytes.length)),
    (bytes) => splice(bytes, ...range(bytes.length), Uint8Array.from({ length: below(16) }, byte)),
    (bytes) => {
      const donor = donors[below(donors.length)] as Uint8Array
      return splice(bytes, ...range(bytes.length), donor.subarray(...range(donor.length)))
    },
  ]
  const spoil: Mutator = (original) => {
    let bytes = original
    for (let left = random() < 0.7 ? 1 : 1 + below(3); left > 0 && bytes.length > 0; left--)
      bytes = (operations[below(operations.length)] as Mutator)(bytes)
    return Buffer.compare(bytes, original) === 0 ? spoil(original) : bytes
  }
  return spoil
}

/** mulberry32: 32 bits of state, good enough to spread mutations. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
