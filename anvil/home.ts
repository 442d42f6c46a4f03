/** Where the core of a demonstration lives, and what everybody else must know for that. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Hex, toHex } from '../ledger/hex.ts'
import { createLocalPlatform } from './localPlatform.ts'
import { developmentPcrs, measureSources } from './measurement.ts'

const project = join(import.meta.dirname, '..')

export interface Home {
  /** Of the ledger's configuration. */
  readonly kmsKeys: readonly Hex[]
  /** The daemon's setting `kms`. */
  readonly kms: readonly { readonly keyId: string; readonly region: string; readonly endpoint: string }[]
  /** The daemon's environment beside its file. */
  readonly environment: Readonly<Record<string, string>>
  /** The one root and image of the core's documents. */
  readonly attestationRoot: Hex
  readonly pcrs: readonly [Hex, Hex, Hex]
  /** What Node runs to start the core at this endpoint. */
  coreArguments(listen: string): string[]
  /** How long a start, or a payout that waits for one, may take on a busy machine. */
  readonly patienceMs: number
  stop(): Promise<void>
}

/** A process like any other, with its keys in a folder. */
export function localHome(folder: string): Home {
  createLocalPlatform({ folder }) // makes the root that is read next
  const root = createHash('sha256')
    .update(readFileSync(join(folder, 'root.der')))
    .digest()
  const pcrs = developmentPcrs(measureSources(project))
  const pcr = (n: number): Hex => toHex(pcrs.get(n) as Uint8Array)
  return {
    kmsKeys: [],
    kms: [],
    environment: {},
    attestationRoot: toHex(new Uint8Array(root)),
    pcrs: [pcr(0), pcr(1), pcr(2)],
    coreArguments: (listen) => [join(project, 'anvil/localCore.ts'), '--listen', listen, '--dir', folder],
    patienceMs: 60_000,
    stop: async () => undefined,
  }
}
