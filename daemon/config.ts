/**
 * The daemon's configuration: one JSON file, environment variables above it, checked whole before anything begins. A line
 * that begins with // is a comment. With `lanes` in it, what stands beside them holds for each lane that does not say otherwise.
 */
import type { z } from 'zod'
import { checkConfiguration, type Rules } from '../ledger/config.ts'
import { struct } from '../protocol/codec.ts'
import { messageOf } from './errors.ts'
import { isObject, type Loose, override } from './override.ts'
import { type HostSettings, hostSettings, type LaneSettings, laneSettings } from './settings.ts'

export interface HostConfig extends HostSettings {
  /** What an operator shows; undefined where there is no API for operators. */
  readonly operatorToken: string | undefined
}

export interface LaneConfig extends LaneSettings {
  /** Part of its URLs; null where there are no lanes but this. */
  readonly name: string | null
  /** The ledger's configuration, checked. */
  readonly rules: Rules
  /** What a new key is born with, checked; null where the key is the log's first. */
  readonly newKeyRules: Rules | null
}

export interface Config {
  readonly host: HostConfig
  readonly lanes: readonly LaneConfig[]
}

/** One lane with what surrounds it. */
export type LaneAndHost = HostConfig & LaneConfig

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

const settings = hostSettings.extend(laneSettings.shape)

/** Reads and checks everything. @throws ConfigFaults with every fault found */
export function loadConfig(surroundings: Surroundings): Config {
  const { env, readFile } = surroundings
  const faults: string[] = []
  const file = readJson(env.BURSAR_CONFIG ?? '', 'BURSAR_CONFIG', readFile, faults)
  if (file === undefined) throw new ConfigFaults(faults)
  const { lanes: untrustedLanes, ...raw } = override(settings, file, env, faults)
  faults.push(...unknownNames(raw, settings, 'the file'))
  const host = check(hostSettings, raw, '', faults)
  const lanes =
    untrustedLanes === undefined
      ? [readLane({ name: null, raw, own: raw }, readFile, faults)]
      : readLanes(untrustedLanes, raw, readFile, faults)
  faults.push(...modeFaults(surroundings, env.BURSAR_CONFIG ?? '', 0o027, 'BURSAR_CONFIG'))
  const operatorToken = host?.operator ? readToken(surroundings, host.operator.tokenFile, faults) : undefined
  if (!host || faults.length > 0) throw new ConfigFaults(faults)
  return { host: { ...host, operatorToken }, lanes: lanes.filter((lane) => lane !== undefined) }
}

/** Each has a name in the URLs of the API and a label in the numbers. */
const laneName = /^[a-z0-9][a-z0-9-]{0,31}$/

function readLanes(untrusted: unknown, shared: Loose, readFile: Surroundings['readFile'], faults: string[]) {
  check(laneSettings.partial(), shared, '', faults)
  if (!Array.isArray(untrusted) || untrusted.length === 0) {
    faults.push('lanes: expected a list of one or more')
    return []
  }
  const orders = untrusted.map((item: unknown, i): LaneOrder => {
    const { name, ...own }: Loose = isObject(item) ? item : {}
    const isNamed = typeof name === 'string' && laneName.test(name)
    if (!isNamed) faults.push(`lanes.${i}: expected a name of at most 32 lower-case letters, digits and hyphens`)
    return { name: isNamed ? name : `${i}`, own, raw: { ...shared, ...own } }
  })
  const lanes = orders.map((order) => readLane(order, readFile, faults))
  const contracts = lanes.map((lane) => lane && Object.values(lane.rules.domain).join())
  faults.push(...clashes(orders.map(({ name, raw }, i) => ({ ...raw, name, contract: contracts[i] }))))
  return lanes
}

/** What only one lane can have, for two would fight over it. */
const exclusive = ['name', 'contract', 'core', 'store', 'relayerKey'] as const

function clashes(lanes: readonly Loose[]): string[] {
  return exclusive.flatMap((member) => {
    const owners = new Map<unknown, unknown>()
    return lanes.flatMap(({ name, [member]: value }) => {
      if (value === undefined || value === null) return []
      const owner = owners.get(value)
      if (owner !== undefined) return [`lanes.${name}: its ${member} is that of lane ${owner} already`]
      owners.set(value, name)
      return []
    })
  })
}

interface LaneOrder {
  readonly name: string | null
  /** All that holds for it. */
  readonly raw: Loose
  /** What it says itself: faults of the rest are told once, where it stands. */
  readonly own: Loose
}

/** @returns undefined where there are faults */
function readLane({ name, raw, own }: LaneOrder, readFile: Surroundings['readFile'], faults: string[]) {
  const prefix = name === null ? '' : `lanes.${name}.`
  const isOwn = (member: string): boolean => member in own || !(member in raw)
  if (name !== null) faults.push(...unknownNames(own, laneSettings, `lanes.${name}`))
  const lane = check(laneSettings, raw, prefix, faults, isOwn)
  const rules = readRules(raw.configuration, `${prefix}configuration`, readFile, faults)
  const newKeyRules = readRules(raw.newKey, `${prefix}newKey`, readFile, faults) ?? null
  const kmsKeys = (newKeyRules ?? rules)?.configuration.kmsKeys
  if (lane && kmsKeys && lane.kms.length !== kmsKeys.length)
    faults.push(`${prefix}kms: expected one for each of the ${kmsKeys.length} kms_keys`)
  return lane && rules ? { ...lane, name, rules, newKeyRules } : undefined
}

/** Names the members at fault, those that `isTold` wants told. @returns undefined where there are any */
function check<T extends z.ZodObject>(
  schema: T,
  raw: Loose,
  prefix: string,
  faults: string[],
  isTold: (member: string) => boolean = () => true,
): z.infer<T> | undefined {
  const { data, error } = schema.safeParse(raw)
  for (const { path, message } of error?.issues ?? [])
    if (isTold(String(path[0]))) faults.push(`${prefix}${path.join('.')}: ${message}`)
  return data
}

const unknownNames = (raw: Loose, { shape }: z.ZodObject, place: string): string[] =>
  Object.keys(raw)
    .filter((name) => !Object.hasOwn(shape, name))
    .map((name) => `${place}: no such setting: ${name}`)

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
