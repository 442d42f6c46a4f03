/** A choice between objects, for files and the daemon's API: nothing that crosses the wall has one. */
import { refuse } from '../ledger/refusal.ts'
import type { Codec, Value } from '../protocol/codec.ts'

// biome-ignore lint/suspicious/noExplicitAny: a codec is invariant in its type, and a shape holds codecs of any
type AnyCodec = Codec<any>

/** One of several objects, each known by the member that it is listed under. */
export function variant<S extends Record<string, AnyCodec>>(shapes: S): Codec<Value<S[keyof S]>> {
  const names = Object.keys(shapes)
  const nameIn = (value: unknown): string | undefined =>
    typeof value === 'object' && value !== null ? names.find((name) => Object.hasOwn(value, name)) : undefined
  return {
    read(untrusted, path, unknown) {
      const expected = `an object with ${names.join(' or ')}`
      const name = nameIn(untrusted) ?? refuse('BAD_PARAMS', `${path}: expected ${expected}`, { path, expected })
      return shapes[name]?.read(untrusted, path, unknown)
    },
    write: (value) => shapes[nameIn(value) as string]?.write(value),
    form: ['variant', Object.values(shapes).map((shape) => shape.form)],
  }
}
