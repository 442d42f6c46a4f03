/** What a person who runs the demonstration may believe, for `bursar verify --trust`: its contract, the root and the image of its core. */
import { writeFileSync } from 'node:fs'
import { type Trust, trust } from '../client/checks/trust.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Home } from './home.ts'

export interface TrustOrder {
  readonly chainId: number
  readonly treasury: Hex
  readonly home: Pick<Home, 'attestationRoot' | 'pcrs'>
}

export function makeTrust({ chainId, treasury, home }: TrustOrder): Trust {
  const [pcr0, pcr1, pcr2] = home.pcrs
  return {
    chainId: BigInt(chainId),
    contract: treasury,
    attestationRoot: home.attestationRoot,
    images: [{ pcr0, pcr1, pcr2 }],
  }
}

export const writeTrust = (path: string, order: TrustOrder): void =>
  writeFileSync(path, `${JSON.stringify(trust.write(makeTrust(order)), null, 2)}\n`)
