/** What is different between two configurations, for people who are asked to sign one. */
import type { Configuration } from '../../ledger/structs.ts'
import { struct } from '../../protocol/codec.ts'

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Such as `tariffs 0x… wei_per_unit`. */
  readonly path: string
  /** As JSON says it; null where there was nothing. */
  readonly before: unknown
  readonly after: unknown
}

type Loose = Readonly<Record<string, unknown>>

/** By this member an entry of a list is the same one in both, wherever it stands. */
const identity: Readonly<Record<string, string>> = { reporters: 'reporter', tariffs: 'name', payees: 'payee' }

/** Every difference, in the order of the struct; `version` and `previous`, which always differ, are not named. */
export function differencesOf(before: Configuration, after: Configuration): readonly Difference[] {
  const [from, to] = [before, after].map((one) => struct('Configuration').write(one) as Loose) as [Loose, Loose]
  return Object.keys(to)
    .filter((name) => name !== 'version' && name !== 'previous')
    .flatMap((name) => compare(name, from[name], to[name], identity[name]))
}

function compare(path: string, before: unknown, after: unknown, key?: string): readonly Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (before === undefined) return [{ kind: 'added', path, before: null, after }]
  if (after === undefined) return [{ kind: 'removed', path, before, after: null }]
  const [from, to] = [before, after].map((value) => membersOf(value, key))
  if (!from || !to) return [{ kind: 'changed', path, before, after }]
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  const found = names.flatMap((name) => compare(`${path} ${name}`, from[name], to[name]))
  // The same entries in another order: another hash all the same.
  return found.length > 0 ? found : [{ kind: 'changed', path, before, after }]
}

/** A list by what its entries are known by, an object by its names; undefined for what is compared whole. */
function membersOf(value: unknown, key: string | undefined): Loose | undefined {
  if (Array.isArray(value))
    return Object.fromEntries(value.map((entry) => [String(key === undefined ? entry : entry[key]), entry]))
  return typeof value === 'object' && value !== null ? (value as Loose) : undefined
}

/** One line for people. */
export function tellDifference({ kind, path, before, after }: Difference): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  if (kind === 'changed') return `changed  ${path}: ${text(before)} becomes ${text(after)}`
  const value = kind === 'added' ? after : before
  // An entry of a plain list is named by its path already.
  return `${kind.padEnd(7)}  ${path}${typeof value === 'string' ? '' : `: ${text(value)}`}`
}
