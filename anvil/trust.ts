/** What a person who runs the demonstration may believe, for `bursar verify --trust`: its contract, its development root, the core's own sources. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Trust, trust } from '../client/checks/trust.ts'
import { type Hex, toHex } from '../ledger/hex.ts'
import { developmentPcrs, measureSources } from './measurement.ts'

export interface TrustOrder {
  readonly chainId: number
  readonly treasury: Hex
  /** Folder of the local platform, which holds the certificate of its root. */
  readonly platform: string
}

export function makeTrust({ chainId, treasury, platform }: TrustOrder): Trust {
  const pcrs = developmentPcrs(measureSources(join(import.meta.dirname, '..')))
  const [pcr0, pcr1, pcr2] = [0, 1, 2].map((n) => toHex(pcrs.get(n) as Uint8Array)) as [Hex, Hex, Hex]
  const root = createHash('sha256')
    .update(readFileSync(join(platform, 'root.der')))
    .digest()
  const attestationRoot = toHex(new Uint8Array(root))
  return { chainId: BigInt(chainId), contract: treasury, attestationRoot, images: [{ pcr0, pcr1, pcr2 }] }
}

export const writeTrust = (path: string, order: TrustOrder): void =>
  writeFileSync(path, `${JSON.stringify(trust.write(makeTrust(order)), null, 2)}\n`)
