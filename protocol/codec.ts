/**
 * Strict JSON: every message has one codec that reads and writes it. Reading refuses what it does not know, by path; an
 * answer may be read without those members that a later release has added.
 * Names are snake_case on the wire; amounts and counters are decimal strings; bytes are 0x-hex, base64 only in `*_b64`.
 */
import type { Hex } from '../ledger/hex.ts'
import { elementOf, fieldsOf, type Struct, type StructName } from '../ledger/structs.ts'
import { refuse } from './refusal.ts'

/** What becomes of a member that is not known. */
type Unknown = 'refused' | 'ignored'

export interface Codec<T> {
  /** Unknown members are refused unless told. @throws Refusal `BAD_PARAMS` naming the path */
  read(untrusted: unknown, path: string, unknown?: Unknown): T
  write(value: T): unknown
  /** JSON Schema (2020-12) of what is read, for documents: it judges nothing here. */
  readonly schema: Schema
}

export type Schema = Readonly<Record<string, unknown>>

export type Value<C> = C extends Codec<infer T> ? T : never

const bad = (path: string, expected: string): never =>
  refuse('BAD_PARAMS', `${path || 'the message'}: expected ${expected}`, { path, expected })

const plain = <T>(expected: string, schema: Schema, test: (untrusted: unknown) => boolean): Codec<T> => ({
  read: (untrusted, path) => (test(untrusted) ? (untrusted as T) : bad(path, expected)),
  write: (value) => value,
  schema,
})

export const bool = plain<boolean>('true or false', { type: 'boolean' }, (v) => typeof v === 'boolean')

/** A string of at most `max` UTF-16 units. */
export const text = (max: number): Codec<string> =>
  plain(
    `a string of at most ${max} characters`,
    { type: 'string', maxLength: max },
    (v) => typeof v === 'string' && v.length <= max,
  )

/** A JSON number, whole, 0 to `max`. */
export const int = (max: number): Codec<number> =>
  plain(
    `a whole number from 0 to ${max}`,
    { type: 'integer', minimum: 0, maximum: max },
    (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= max,
  )

export const oneOf = <T extends string>(...values: readonly T[]): Codec<T> =>
  plain(values.join(' | '), { enum: values }, (v) => (values as readonly unknown[]).includes(v))

/** An unsigned integer of so many bits, as a decimal string without leading zeros. */
export const uint = (bits: number): Codec<bigint> => ({
  read(untrusted, path) {
    if (typeof untrusted === 'string' && untrusted.length <= 78 && /^(0|[1-9][0-9]*)$/.test(untrusted)) {
      const value = BigInt(untrusted)
      if (value >> BigInt(bits) === 0n) return value
    }
    return bad(path, `a decimal string below 2^${bits}`)
  },
  write: (value) => `${value}`,
  schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)$', maxLength: 78, description: `below 2^${bits}` },
})

/** Exactly `length` bytes as lower-case 0x-hex: one spelling, so that equal is equal. */
export const hex = (length: number): Codec<Hex> =>
  plain(
    `${length} bytes as lower-case 0x-hex`,
    { type: 'string', pattern: `^0x[0-9a-f]{${2 * length}}$` },
    (v) => isHex(v, length) && v.length === 2 + 2 * length,
  )

/** At most `max` bytes as lower-case 0x-hex. */
export const bytes = (max: number): Codec<Hex> =>
  plain(
    `at most ${max} bytes as lower-case 0x-hex`,
    { type: 'string', pattern: '^0x([0-9a-f]{2})*$', maxLength: 2 + 2 * max },
    (v) => isHex(v, max),
  )

/** Its length is judged first: a pattern is not run over megabytes that no message holds. */
const isHex = (v: unknown, bytesMax: number): v is Hex =>
  typeof v === 'string' && v.length <= 2 + 2 * bytesMax && /^0x([0-9a-f]{2})*$/.test(v)

/** Node has `Buffer`, browsers have these; neither has the other's yet. */
interface NativeBase64 {
  readonly fromBase64: (text: string) => Uint8Array
  readonly prototype: { toBase64(this: Uint8Array): string }
}
const native = 'fromBase64' in Uint8Array ? (Uint8Array as unknown as NativeBase64) : undefined

const toBase64 = (bytes: Uint8Array): string =>
  native ? native.prototype.toBase64.call(bytes) : Buffer.from(bytes).toString('base64')

function fromBase64(text: string): Uint8Array | undefined {
  if (!native) return new Uint8Array(Buffer.from(text, 'base64'))
  try {
    return native.fromBase64(text)
  } catch {
    return undefined // it says by exception that this is no base64: that is the answer here
  }
}

/** At most `max` bytes as base64. */
export const base64 = (max: number): Codec<Uint8Array> => ({
  read(untrusted, path) {
    if (typeof untrusted === 'string' && untrusted.length <= Math.ceil(max / 3) * 4) {
      const value = fromBase64(untrusted)
      if (value && toBase64(value) === untrusted) return value // other spellings of the same bytes are refused
    }
    return bad(path, `at most ${max} bytes as base64`)
  },
  write: toBase64,
  schema: { type: 'string', contentEncoding: 'base64', maxLength: Math.ceil(max / 3) * 4 },
})

/** At most `max` items. */
export const list = <T>(item: Codec<T>, max: number): Codec<readonly T[]> => ({
  read(untrusted, path, unknown) {
    if (!Array.isArray(untrusted) || untrusted.length > max) return bad(path, `a list of at most ${max} items`)
    return untrusted.map((value, i) => item.read(value, `${path}[${i}]`, unknown))
  },
  write: (value) => value.map(item.write),
  schema: { type: 'array', items: item.schema, maxItems: max },
})

/** A value that may be null. */
export const nullable = <T>(inner: Codec<T>): Codec<T | null> => ({
  read: (untrusted, path, unknown) => (untrusted === null ? null : inner.read(untrusted, path, unknown)),
  write: (value) => (value === null ? null : inner.write(value)),
  schema: { anyOf: [inner.schema, { type: 'null' }] },
})

// biome-ignore lint/suspicious/noExplicitAny: a codec is invariant in its type, and a shape holds codecs of any
type AnyShape = Record<string, Codec<any>>

/** An object with these members: one that is missing is refused, and one that is not known unless told. */
export function object<S extends AnyShape>(shape: S): Codec<{ readonly [K in keyof S]: Value<S[K]> }> {
  const members = Object.entries(shape).map(([name, codec]) => ({ name, codec, wire: snake(name) }))
  const known = new Set(members.map((m) => m.wire))
  return {
    read(untrusted, path, unknown = 'refused') {
      if (typeof untrusted !== 'object' || untrusted === null || Array.isArray(untrusted)) return bad(path, 'an object')
      const stray = unknown === 'refused' ? Object.keys(untrusted).find((key) => !known.has(key)) : undefined
      if (stray !== undefined) return bad(dot(path, stray.slice(0, 64)), 'nothing: no such member')
      const read = members.map(({ name, codec, wire }) => {
        if (!Object.hasOwn(untrusted, wire)) return bad(dot(path, wire), 'a value: the member is missing')
        return [name, codec.read((untrusted as Record<string, unknown>)[wire], dot(path, wire), unknown)]
      })
      return Object.fromEntries(read)
    },
    write: (value) => Object.fromEntries(members.map(({ name, codec, wire }) => [wire, codec.write(value[name])])),
    schema: {
      type: 'object',
      properties: Object.fromEntries(members.map(({ codec, wire }) => [wire, codec.schema])),
      required: members.map(({ wire }) => wire),
      additionalProperties: false,
    },
  }
}

/** One of several objects, each known by the member that it is listed under. */
export function variant<S extends Record<string, AnyShape[string]>>(shapes: S): Codec<Value<S[keyof S]>> {
  const names = Object.keys(shapes)
  const nameIn = (value: object): string | undefined => names.find((name) => Object.hasOwn(value, name))
  return {
    read(untrusted, path, unknown) {
      const name = typeof untrusted === 'object' && untrusted !== null ? nameIn(untrusted) : undefined
      return name === undefined
        ? bad(path, `an object with ${names.join(' or ')}`)
        : shapes[name]?.read(untrusted, path, unknown)
    },
    write: (value) => shapes[nameIn(value as object) as string]?.write(value),
    schema: { anyOf: Object.values(shapes).map((shape) => shape.schema) },
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const dot = (path: string, member: string): string => (path ? `${path}.${member}` : member)

/** The JSON form of a struct, from the same table as its hash. Lists hold at most 1,000 items, `bytes` at most 16 KiB. */
export function struct<Name extends StructName>(name: Name): Codec<Struct<Name>> {
  return codecOf(name) as Codec<Struct<Name>>
}

function codecOf(type: string): Codec<unknown> {
  const element = elementOf(type)
  const fields = fieldsOf(type)
  const codec = element
    ? list(codecOf(element), 1000)
    : fields
      ? object(Object.fromEntries(fields.map(([field, t]) => [field, codecOf(t)])))
      : atom(type)
  return codec as Codec<unknown>
}

function atom(type: string): Codec<never> | Codec<boolean> | Codec<number> | Codec<bigint> | Codec<Hex> {
  if (type === 'bool') return bool
  if (type === 'uint8') return int(255)
  if (type.startsWith('uint')) return uint(Number(type.slice(4)))
  if (type === 'bytes') return bytes(16_384)
  return hex(type === 'address' ? 20 : 32)
}
