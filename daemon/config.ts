/** The daemon's configuration: one JSON file, environment variables above it, checked whole before anything begins. A line that begins with // is a comment. */
import { z } from 'zod'
import { checkConfiguration, type Rules } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { struct } from '../protocol/codec.ts'
import { parseEndpoint } from './endpoint.ts'
import { messageOf } from './errors.ts'
import { isObject, type Loose, override } from './override.ts'
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
const hostAndPort = z.string().regex(/^[^:]+:[0-9]{1,5}$/, 'expected host:port')
const perSecond = z.int().min(1).max(1_000_000)

const schema = z.strictObject({
  /** Where the core listens. */
  core: z.string().refine(isEndpoint, 'expected vsock://CID:PORT, unix:/path or tcp:host:port'),
  /** Program and arguments that restart the core, for when it holds what the store does not go on from; null: by hand. */
  coreRestart: z.array(z.string().min(1)).min(1).max(16).nullable().default(null),
  /** Servers of the chain, the one of choice first; the others are asked where it fails. */
  rpcUrls: z
    .array(z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }))
    .min(1)
    .max(8),
  /** Host and port of the public API; port 0 takes a free one. */
  listen: hostAndPort,
  /** Proxies of our own before it: so many addresses of X-Forwarded-For are believed. */
  proxies: z.int().min(0).max(8).default(0),
  /** Requests a second of one address, new batches a second of one reporter, listeners to the event stream, and how long a request may take to come. */
  limits: z
    .strictObject({
      addressPerSecond: perSecond.default(100),
      reporterPerSecond: perSecond.default(100),
      streams: z.int().min(0).max(900).default(300),
      requestMs: milliseconds.default(30_000),
    })
    .prefault({}),
  /** The operator's own API: who holds the token in this file may use it. Null: there is none. */
  operator: z
    .strictObject({ listen: hostAndPort.default('127.0.0.1:8081'), tokenFile: z.string().min(1) })
    .nullable()
    .default(null),
  /** `sqlite:PATH`, or the URL of a PostgreSQL database, whose password is shown nowhere. */
  store: z.string().refine(isStoreAddress, 'expected sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
  /** Path of the ledger's configuration: the JSON form of the struct `Configuration`. */
  configuration: z.string().min(1),
  /** Path of the configuration that a new key of the core is born with, after the old one was lost or leaked; null: the key is the log's first. */
  newKey: z.string().min(1).nullable().default(null),
  /** Path of what `npm run deploy` wrote, which is then published; null: it is not. */
  deployment: z.string().min(1).nullable().default(null),
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
  /** Path of the key, 64 hex digits, of an account that carries what the core's own account cannot; null: none does. */
  relayerKey: z.string().min(1).nullable().default(null),
  /** Path of the Ed25519 key under which checkpoints are signed, made where there is none; null: there are no checkpoints. */
  noteKey: z.string().min(1).nullable().default(null),
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
  /** What a new key is born with, checked; null where the key is the log's first. */
  readonly newKeyRules: Rules | null
  /** What an operator shows; undefined where there is no API for operators. */
  readonly operatorToken: string | undefined
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
  /** Permission bits of a file. @throws if there is no such file */
  readonly modeOf: (path: string) => number
}

/** Reads and checks everything. @throws ConfigFaults with every fault found */
export function loadConfig(surroundings: Surroundings): Config {
  const { env, readFile } = surroundings
  const faults: string[] = []
  const raw = readJson(env.BURSAR_CONFIG ?? '', 'BURSAR_CONFIG', readFile, faults)
  if (raw === undefined) throw new ConfigFaults(faults)
  const parsed = schema.safeParse(override(schema, raw, env, faults))
  if (!parsed.success) faults.push(...parsed.error.issues.map((i) => `${i.path.join('.') || 'the file'}: ${i.message}`))

  const rules = readRules(env.BURSAR_CONFIGURATION ?? raw.configuration, 'configuration', readFile, faults)
  const newKeyRules = readRules(env.BURSAR_NEW_KEY ?? raw.newKey, 'newKey', readFile, faults) ?? null
  const kmsKeys = (newKeyRules ?? rules)?.configuration.kmsKeys
  if (parsed.success && kmsKeys && parsed.data.kms.length !== kmsKeys.length)
    faults.push(`kms: expected one for each of the ${kmsKeys.length} kms_keys`)
  faults.push(...modeFaults(surroundings, env.BURSAR_CONFIG ?? '', 0o027, 'BURSAR_CONFIG'))
  const operatorToken = parsed.data?.operator
    ? readToken(surroundings, parsed.data.operator.tokenFile, faults)
    : undefined
  if (!parsed.success || !rules || faults.length > 0) throw new ConfigFaults(faults)
  return { ...parsed.data, rules, newKeyRules, operatorToken }
}

/** URLs in a configuration carry keys of providers and passwords of databases: strangers may not read it, others not write it. */
function modeFaults({ modeOf }: Surroundings, path: string, forbidden: number, name: string): string[] {
  const mode = modeOf(path)
  if ((mode & forbidden) === 0) return []
  return [
    `${name}: ${path} is open to others (mode ${(mode & 0o777).toString(8)}): chmod ${forbidden === 0o027 ? 640 : 600} ${path}`,
  ]
}

const tokenLengthMin = 32

function readToken(surroundings: Surroundings, path: string, faults: string[]): string | undefined {
  const name = 'operator.tokenFile'
  const token = readText(path, name, surroundings.readFile, faults)?.trim()
  if (token === undefined) return undefined
  if (token.length < tokenLengthMin)
    faults.push(`${name}: ${path} holds no token of ${tokenLengthMin} characters or more`)
  faults.push(...modeFaults(surroundings, path, 0o077, name))
  return token
}

function readJson(path: string, name: string, readFile: Surroundings['readFile'], faults: string[]): Loose | undefined {
  if (path === '') {
    faults.push(`${name}: expected the path of a JSON file`)
    return undefined
  }
  const text = readText(path, name, readFile, faults)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''))
    if (isObject(value)) return value
    faults.push(`${name}: ${path} holds no JSON object`)
  } catch (error) {
    // The parser's words quote the file, and there are secrets in it: only the place is told.
    const [place] = /line \d+ column \d+/.exec(messageOf(error)) ?? []
    faults.push(`${name}: ${path} is no JSON${place ? ` at ${place}` : ''}`)
  }
  return undefined
}

function readText(
  path: string,
  name: string,
  readFile: Surroundings['readFile'],
  faults: string[],
): string | undefined {
  try {
    return readFile(path)
  } catch (error) {
    faults.push(`${name}: cannot read ${path}: ${messageOf(error)}`)
    return undefined
  }
}

/** A configuration of the ledger is checked even where other members are at fault, so that one start names all faults. */
function readRules(path: unknown, name: string, readFile: Surroundings['readFile'], faults: string[]) {
  if (typeof path !== 'string') return undefined
  const json = readJson(path, name, readFile, faults)
  if (!json) return undefined
  try {
    return checkConfiguration(struct('Configuration').read(json, ''))
  } catch (error) {
    faults.push(`${name}: ${messageOf(error)}`)
    return undefined
  }
}
