/** The environment above the file: each member of the configuration has a variable of its own. */
import { z } from 'zod'

export type Loose = Record<string, unknown>

/** Variables of ours that are no settings of the daemon: where its file is, and where images are built. */
const notSettings = ['BURSAR_CONFIG', 'BURSAR_CACHE']
type Environment = Readonly<Record<string, string | undefined>>

/**
 * `BURSAR_POLL_MS` is `pollMs`, `BURSAR_TRANSACTION_GAS` is `transaction.gas`; a list is parted by commas. A variable that
 * names nothing is a fault.
 */
export function override(schema: z.ZodObject, raw: Loose, env: Environment, faults: string[]): Loose {
  const result: Loose = { ...raw }
  const targets = targetsOf(schema, result, '')
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('BURSAR_') || notSettings.includes(name) || text === undefined) continue
    const set = targets.get(name)
    if (set) set(text)
    else faults.push(`${name}: no such setting`)
  }
  return result
}

type Setters = Map<string, (text: string) => void>

/** What each variable sets in `into`, members of members included. */
function targetsOf(type: z.ZodObject, into: Loose, prefix: string): Setters {
  const targets: Setters = new Map()
  for (const [name, wrapped] of Object.entries(type.shape)) {
    const member = unwrap(wrapped)
    if (member instanceof z.ZodObject) {
      const inner: Loose = isObject(into[name]) ? { ...into[name] } : {}
      for (const [variableName, set] of targetsOf(member, inner, `${prefix}${name}.`))
        targets.set(variableName, (text) => {
          set(text)
          into[name] = inner
        })
    } else
      targets.set(variable(`${prefix}${name}`), (text) => {
        into[name] = readValue(member, text)
      })
  }
  return targets
}

function readValue(type: unknown, text: string): unknown {
  if (text === 'null') return null
  if (type instanceof z.ZodArray) return text.split(',')
  return type instanceof z.ZodNumber ? Number(text) : text
}

const unwrap = (type: unknown): unknown =>
  type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodNullable
    ? unwrap(type.unwrap())
    : type

export const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const variable = (name: string): string =>
  `BURSAR_${name
    .replace(/[A-Z]/g, (c) => `_${c}`)
    .replaceAll('.', '_')
    .toUpperCase()}`
