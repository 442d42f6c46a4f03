/**
 * Strict JSON: every message has one codec that reads and writes it. Reading refuses what it does not know, by path; an
 * answer may be read without those members that a later release has added.
 * Names are snake_case on the wire; amounts and counters are decimal strings; bytes are 0x-hex, base64 only in `*_b64`.
 */
import { fromBase64, toBase64 } from '#primitives'
import type { Hex } from '../ledger/hex.ts'
import { type Facts, refuse } from '../ledger/refusal.ts'
import { elementOf, fieldsOf, type Struct, type StructName } from '../ledger/structs.ts'

/** What becomes of a member that is not known. */
type Unknown = 'refused' | 'ignored'

export interface Codec<T> {
  /** Unknown members are refused unless told. @throws Refusal `BAD_PARAMS` naming the path */
  read(untrusted: unknown, path: string, unknown?: Unknown): T
  write(value: T): unknown
  /** What is read, as data for those who describe it: `daemon/schema.ts`. It judges nothing here. */
  readonly form: Form
}

export type Form =
  | readonly ['bool' | 'facts']
  | readonly ['text' | 'int' | 'uint' | 'hex' | 'bytes' | 'base64' | 'blob', limit: number]
  | readonly ['oneOf', readonly string[]]
  | readonly ['list', item: Form, max: number]
  | readonly ['nullable', Form]
  | readonly ['object', Readonly<Record<string, Form>>]
  | readonly ['variant', readonly Form[]]

export type Value<C> = C extends Codec<infer T> ? T : never

const bad = (path: string, expected: string): never =>
  refuse('BAD_PARAMS', `${path || 'the message'}: expected ${expected}`, { path, expected })

/** What is held as it is written. */
const plain = <T>(form: Form, expected: string, test: (untrusted: unknown) => boolean): Codec<T> => ({
  read: (untrusted, path) => (test(untrusted) ? (untrusted as T) : bad(path, expected)),
  write: (value) => value,
  form,
})

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

export const bool = plain<boolean>(['bool'], 'true or false', (v) => typeof v === 'boolean')

/** A string of at most `max` UTF-16 units. */
export const text = (max: number): Codec<string> =>
  plain(['text', max], `a string of at most ${max} characters`, (v) => typeof v === 'string' && v.length <= max)

/** A JSON number, whole, 0 to `max`. */
export const int = (max: number): Codec<number> =>
  plain(
    ['int', max],
    `a whole number from 0 to ${max}`,
    (v) => Number.isInteger(v) && 0 <= Number(v) && Number(v) <= max,
  )

/** A place, or how many there are. */
export const count = int(2 ** 31)

export const oneOf = <T extends string>(...values: readonly T[]): Codec<T> =>
  plain(['oneOf', values], values.join(' | '), (v) => (values as readonly unknown[]).includes(v))

/** Facts of a refusal. */
export const facts = plain<Facts>(
  ['facts'],
  'at most 32 strings and numbers by name',
  (v) => isRecord(v) && Object.keys(v).length <= 32 && Object.values(v).every(isFact),
)
const isFact = (v: unknown): boolean => typeof v === 'number' || (typeof v === 'string' && v.length <= 1000)

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
  form: ['uint', bits],
})

/** Exactly `length` bytes as lower-case 0x-hex: one spelling, so that equal is equal. */
export const hex = (length: number): Codec<Hex> =>
  plain(['hex', length], `${length} bytes as lower-case 0x-hex`, (v) => isHex(v, length) && v.length === 2 + 2 * length)

/** At most `max` bytes as lower-case 0x-hex. */
export const bytes = (max: number): Codec<Hex> =>
  plain(['bytes', max], `at most ${max} bytes as lower-case 0x-hex`, (v) => isHex(v, max))

/** Its length is judged first: a pattern is not run over megabytes that no message holds. */
const isHex = (v: unknown, bytesMax: number): v is Hex =>
  typeof v === 'string' && v.length <= 2 + 2 * bytesMax && /^0x([0-9a-f]{2})*$/.test(v)

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
  form: ['base64', max],
})

/** At most `max` bytes as they are: a frame carries them behind its JSON. */
export const blob = (max: number): Codec<Uint8Array> => ({
  read: (untrusted, path) =>
    untrusted instanceof Uint8Array && untrusted.length <= max ? untrusted : bad(path, `at most ${max} bytes`),
  write: (value) => value,
  form: ['blob', max],
})

/** At most `max` items. */
export const list = <T>(item: Codec<T>, max: number): Codec<readonly T[]> => ({
  read(untrusted, path, unknown) {
    if (!Array.isArray(untrusted) || untrusted.length > max) return bad(path, `a list of at most ${max} items`)
    return untrusted.map((value, i) => item.read(value, `${path}[${i}]`, unknown))
  },
  write: (value) => value.map(item.write),
  form: ['list', item.form, max],
})

/** A value that may be null. */
export const nullable = <T>(inner: Codec<T>): Codec<T | null> => ({
  read: (untrusted, path, unknown) => (untrusted === null ? null : inner.read(untrusted, path, unknown)),
  write: (value) => (value === null ? null : inner.write(value)),
  form: ['nullable', inner.form],
})

// biome-ignore lint/suspicious/noExplicitAny: a codec is invariant in its type, and a shape holds codecs of any
type AnyShape = Record<string, Codec<any>>

/** An object with these members: one that is missing is refused, and one that is not known unless told. */
export function object<S extends AnyShape>(shape: S): Codec<{ readonly [K in keyof S]: Value<S[K]> }> {
  const members = Object.entries(shape).map(([name, codec]) => ({ name, codec, wire: snake(name) }))
  const known = new Set(members.map((m) => m.wire))
  return {
    read(untrusted, path, unknown = 'refused') {
      if (!isRecord(untrusted)) return bad(path, 'an object')
      const stray = unknown === 'refused' ? Object.keys(untrusted).find((key) => !known.has(key)) : undefined
      if (stray !== undefined) return bad(dot(path, stray.slice(0, 64)), 'nothing: no such member')
      const read = members.map(({ name, codec, wire }) => {
        if (!Object.hasOwn(untrusted, wire)) return bad(dot(path, wire), 'a value: the member is missing')
        return [name, codec.read(untrusted[wire], dot(path, wire), unknown)]
      })
      return Object.fromEntries(read)
    },
    write: (value) => Object.fromEntries(members.map(({ name, codec, wire }) => [wire, codec.write(value[name])])),
    form: ['object', Object.fromEntries(members.map(({ codec, wire }) => [wire, codec.form]))],
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const dot = (path: string, member: string): string => (path ? `${path}.${member}` : member)

/** The JSON form of a struct, from the same table as its hash. Lists hold at most 1,000 items, `bytes` at most 16 KiB. */
export const struct = <Name extends StructName>(name: Name): Codec<Struct<Name>> => codecOf(name) as Codec<Struct<Name>>

function codecOf(type: string): AnyShape[string] {
  const element = elementOf(type)
  if (element) return list(codecOf(element), 1000)
  const fields = fieldsOf(type)
  if (fields) return object(Object.fromEntries(fields.map(([field, t]) => [field, codecOf(t)])))
  if (type === 'bool') return bool
  if (type === 'uint8') return int(255)
  if (type.startsWith('uint')) return uint(Number(type.slice(4)))
  if (type === 'bytes') return bytes(16_384)
  return hex(type === 'address' ? 20 : 32)
}
