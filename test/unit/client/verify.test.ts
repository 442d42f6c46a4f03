import { describe, expect, test } from 'vitest'
import { accountProof } from '../../../client/accountProof.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { type AccountProof, credit, type Hex, verifyAccount } from '../../../client/index.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { commitmentOf, createLedger, rootOf } from '../../../ledger/state.ts'
import { configuration, payeeOf, sendNext } from '../ledger/support.ts'

const sizeMax = 33
const other = nameToBytes32('other')

/** A ledger of so many payees, and what its daemon would say of one. */
function claimOf(size: number, index: number): { root: Hex; claim: AccountProof } {
  const ledger = createLedger(configuration())
  const events = Array.from({ length: size }, (_, i) => credit({ id: 'c', payee: payeeOf(i), wei: BigInt(100 + i) }))
  sendNext(ledger, ...events)
  const commitment = commitmentOf(ledger)
  const claim = {
    payee: payeeOf(index),
    earnedWei: BigInt(100 + index),
    commitment,
    proof: accountProof(ledger.accounts.tree, index),
  }
  return { root: rootOf(commitment), claim }
}

describe('verifyAccount', () => {
  test('default: first, middle and last account at every size', () => {
    for (let size = 1; size <= sizeMax; size++)
      for (const index of new Set([0, size >> 1, size - 1])) {
        const { root, claim } = claimOf(size, index)
        expect(verifyAccount(claim, root), `${index} of ${size}`).toBe(true)
      }
  })

  const { root, claim } = claimOf(7, 3)
  const { commitment, proof } = claim

  test.each<[string, AccountProof]>([
    ['more earned', { ...claim, earnedWei: claim.earnedWei + 1n }],
    ['another payee', { ...claim, payee: payeeOf(2) }],
    ['a step less', { ...claim, proof: proof.slice(1) }],
    ['a step more', { ...claim, proof: [...proof, other] }],
    ['a step altered', { ...claim, proof: proof.with(1, other) }],
    ['steps swapped', { ...claim, proof: proof.toReversed() }],
    ['another accounts root', { ...claim, commitment: { ...commitment, accountsRoot: other } }],
    ['another log', { ...claim, commitment: { ...commitment, logRoot: other } }],
    ['another log size', { ...claim, commitment: { ...commitment, logSize: 9n } }],
    ['another total', { ...claim, commitment: { ...commitment, totalEarned: 9n } }],
    ['another configuration', { ...claim, commitment: { ...commitment, configHash: other } }],
  ])('error: %s', (_, altered) => {
    expect(verifyAccount(altered, root)).toBe(false)
  })

  test('error: a commitment made up to fit, under the root of the chain', () => {
    const forged = { ...claim, commitment: { ...commitment, accountsRoot: other } }
    expect(verifyAccount(forged, rootOf(forged.commitment))).toBe(false)
    expect(verifyAccount(claim, zeroHash)).toBe(false)
    expect(verifyAccount(claim, rootOf(claimOf(6, 3).claim.commitment))).toBe(false)
  })
})
