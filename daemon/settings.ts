/** What can stand in the daemon's file: of the process once, of each lane once a lane. */
import { z } from 'zod'
import type { Hex } from '../ledger/hex.ts'
import { parseEndpoint } from './endpoint.ts'
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

/** Of the process: what all its lanes share. */
export const hostSettings = z.object({
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
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
})

/** Of one lane: a contract with its core, its store, and how they are worked. */
export const laneSettings = z.object({
  /** Where the core listens. */
  core: z.string().refine(isEndpoint, 'expected vsock://CID:PORT, unix:/path or tcp:host:port'),
  /** Program and arguments that restart the core, for when it holds what the store does not go on from; null: by hand. */
  coreRestart: z.array(z.string().min(1)).min(1).max(16).nullable().default(null),
  /** Servers of the chain, the one of choice first; the others are asked where it fails. */
  rpcUrls: z
    .array(z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }))
    .min(1)
    .max(8),
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
})

export type HostSettings = Readonly<z.infer<typeof hostSettings>>
export type LaneSettings = Readonly<z.infer<typeof laneSettings>>
