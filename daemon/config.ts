/** The daemon's configuration: one JSON file, environment variables above it, checked whole before anything begins. */
import { z } from 'zod'
import { checkConfiguration, type Rules } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { struct } from '../protocol/codec.ts'
import { parseEndpoint } from '../protocol/endpoint.ts'
import { isStoreAddress } from './store/address.ts'

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected a 20-byte 0x-hex address')
  .transform((text) => text.toLowerCase() as Hex)
const decimal = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,28})$/, 'expected a decimal string')
  .transform((text) => BigInt(text))
const isEndpoint = (text: string): boolean => {
  try {
    return Boolean(parseEndpoint(text))
  } catch {
    return false // it says by exception what the schema says in its own words
  }
}
const milliseconds = z.int().min(1).max(86_400_000)

const schema = z.strictObject({
  /** Where the core listens. */
  core: z.string().refine(isEndpoint, 'expected unix:/path or tcp:host:port'),
  /** Program and arguments that restart the core, for when it holds what the store does not go on from; null: by hand. */
  coreRestart: z.array(z.string().min(1)).min(1).max(16).nullable().default(null),
  /** Servers of the chain, the one of choice first; the others are asked where it fails. */
  rpcUrls: z
    .array(z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }))
    .min(1)
    .max(8),
  /** Host and port of the public API; port 0 takes a free one. */
  listen: z.string().regex(/^[^:]+:[0-9]{1,5}$/, 'expected host:port'),
  /** `sqlite:PATH`, or the URL of a PostgreSQL database, whose password is shown nowhere. */
  store: z.string().refine(isStoreAddress, 'expected sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
  /** Path of the ledger's configuration: the JSON form of the struct `Configuration`. */
  configuration: z.string().min(1),
  /** Livepeer's contracts; without the first no tickets are paid, without the second nobody is asked whether active. */
  roundsManager: address.nullable(),
  bondingManager: address.nullable(),
  /** Where each of the configuration's KMS keys is, in its order: ID or ARN, region, and an endpoint if not AWS's own. */
  kms: z
    .array(
      z.strictObject({
        keyId: z.string().min(1).max(2048),
        region: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected a region like eu-central-1'),
        endpoint: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).nullable(),
      }),
    )
    .max(8)
    .default([]),
  anchorIntervalMs: milliseconds,
  payIntervalMs: milliseconds,
  pollMs: milliseconds,
  /** Blocks on top of one before what it says counts. */
  confirmations: z.int().min(0).max(100_000),
  /** The most that this host spends on one transaction; the ledger's configuration has caps of its own. */
  transaction: z.strictObject({ gas: decimal, maxFeePerGas: decimal, maxPriorityFeePerGas: decimal }),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
})

export type Settings = Readonly<z.infer<typeof schema>>

export interface Config extends Settings {
  /** The ledger's configuration, checked. */
  readonly rules: Rules
}

/** Every fault of a configuration, one sentence each. */
export class ConfigFaults extends Error {
  override readonly name = 'ConfigFaults'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** @throws if there is no such file */
  readonly readFile: (path: string) => string
}

/** Reads and checks everything. @throws ConfigFaults with every fault found */
export function loadConfig({ env, readFile }: Surroundings): Config {
  const faults: string[] = []
  const raw = readJson(env.BURSAR_CONFIG ?? '', 'BURSAR_CONFIG', readFile, faults)
  if (raw === undefined) throw new ConfigFaults(faults)
  const parsed = schema.safeParse(override(raw, env, faults))
  if (!parsed.success) faults.push(...parsed.error.issues.map((i) => `${i.path.join('.') || 'the file'}: ${i.message}`))

  const rules = readRules(raw, env, readFile, faults)
  if (parsed.success && rules && parsed.data.kms.length !== rules.configuration.kmsKeys.length)
    faults.push(`kms: expected one for each of the ${rules.configuration.kmsKeys.length} kms_keys`)
  if (!parsed.success || !rules || faults.length > 0) throw new ConfigFaults(faults)
  return { ...parsed.data, rules }
}

type Loose = Record<string, unknown>

function readJson(path: string, name: string, readFile: Surroundings['readFile'], faults: string[]): Loose | undefined {
  if (path === '') {
    faults.push(`${name}: expected the path of a JSON file`)
    return undefined
  }
  try {
    const value: unknown = JSON.parse(readFile(path))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Loose
    faults.push(`${name}: ${path} holds no JSON object`)
  } catch (error) {
    faults.push(`${name}: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return undefined
}

/** The ledger's configuration is checked even where other members are at fault, so that one start names all faults. */
function readRules(raw: Loose, env: Surroundings['env'], readFile: Surroundings['readFile'], faults: string[]) {
  const path = env.BURSAR_CONFIGURATION ?? raw.configuration
  if (typeof path !== 'string') return undefined
  const json = readJson(path, 'configuration', readFile, faults)
  if (!json) return undefined
  try {
    return checkConfiguration(struct('Configuration').read(json, ''))
  } catch (error) {
    faults.push(`configuration: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** `BURSAR_POLL_MS` is `pollMs`, `BURSAR_TRANSACTION_GAS` is `transaction.gas`; URLs are parted by commas. A variable that names nothing is a fault. */
function override(raw: Loose, env: Surroundings['env'], faults: string[]): Loose {
  const result: Loose = { ...raw }
  const transaction: Loose = typeof raw.transaction === 'object' ? { ...raw.transaction } : {}
  const targets = new Map<string, (text: string) => void>()
  for (const [name, type] of Object.entries(schema.shape)) {
    if (name === 'transaction') continue
    targets.set(variable(name), (text) => {
      if (type === schema.shape.rpcUrls) result[name] = text.split(',')
      else result[name] = type instanceof z.ZodNumber ? Number(text) : text === 'null' ? null : text
    })
  }
  for (const name of Object.keys(schema.shape.transaction.shape))
    targets.set(variable(`transaction.${name}`), (text) => {
      transaction[name] = text
      result.transaction = transaction
    })
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('BURSAR_') || name === 'BURSAR_CONFIG' || text === undefined) continue
    const set = targets.get(name)
    if (set) set(text)
    else faults.push(`${name}: no such setting`)
  }
  return result
}

const variable = (name: string): string =>
  `BURSAR_${name
    .replace(/[A-Z]/g, (c) => `_${c}`)
    .replace('.', '_')
    .toUpperCase()}`
