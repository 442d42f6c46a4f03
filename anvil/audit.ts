/**
 * Holds all books against each other to the wei, when everything is paid: what the usage was worth by the arithmetic of who
 * made it, the ledger, the contract's registers and events, the broker's events, and the payees' own accounts.
 */
import { type AccountProof, verifyAccount } from '../client/verify.ts'
import { type Hex, zeroHash } from '../ledger/hex.ts'
import { rootOf } from '../ledger/state.ts'
import { type ChainBooks, sumBy } from './chainBooks.ts'
import type { Payee } from './settings.ts'

export interface Account {
  /** By the ledger. */
  readonly earnedWei: bigint
  /** What the ledger proves against its last anchor; null before there is one. */
  readonly anchored: AccountProof | null
}

export interface Evidence {
  readonly payees: readonly Payee[]
  /** What the usage was worth. */
  readonly expected: ReadonlyMap<Hex, bigint>
  readonly accounts: ReadonlyMap<Hex, Account>
  readonly chain: ChainBooks
}

/** Every difference, one sentence each. Pure. */
export function findDiscrepancies({ payees, expected, accounts, chain }: Evidence): string[] {
  const found: string[] = []
  const same = (what: string, a: bigint | Hex, b: bigint | Hex): void => {
    if (a !== b) found.push(`${what}: ${a} is not ${b}`)
  }
  const events = sumBy(chain.payments)
  const last = chain.anchors.at(-1)

  for (const { name, address, isOrchestrator } of payees) {
    const earned = accounts.get(address)?.earnedWei ?? 0n
    const paid = chain.paid.get(address) ?? 0n
    same(`${name}: worth of the usage and ledger`, expected.get(address) ?? 0n, earned)
    same(`${name}: ledger and register`, earned, paid)
    same(`${name}: register and events`, paid, events.get(address) ?? 0n)
    same(`${name}: register and broker`, isOrchestrator ? paid : 0n, chain.credited.get(address) ?? 0n)
    if (!isOrchestrator) same(`${name}: register and account`, paid, chain.balances.get(address) ?? 0n)
    const anchored = accounts.get(address)?.anchored
    if (earned > 0n && !(anchored?.earnedWei === earned && verifyAccount(anchored, chain.root)))
      found.push(`${name}: no proof of its earnings against the anchored root`)
  }

  same('sum of the usage and anchored total', sum(expected), last?.commitment.totalEarned ?? 0n)
  same('sum of the registers and total paid', sum(chain.paid), chain.totalPaidWei)
  same('deposit left at the broker', chain.depositWei, 0n)
  same('payments that failed', BigInt(chain.failures), 0n)
  for (const [index, { counter, prevRoot }] of chain.anchors.entries()) {
    const before = chain.anchors[index - 1]
    same('counter of an anchor', counter, BigInt(index + 1))
    same(`root before anchor ${counter}`, prevRoot, before ? rootOf(before.commitment) : zeroHash)
  }
  same('last anchor and head', last ? rootOf(last.commitment) : zeroHash, chain.root)
  return found
}

const sum = (amounts: ReadonlyMap<Hex, bigint>): bigint => [...amounts.values()].reduce((a, b) => a + b, 0n)
