/** The accounts at one moment, with proofs against the accounts root of that moment. */
import { accountProof } from '../../client/accountProof.ts'
import { AccountsTree, accountLeaf } from '../../ledger/accountsTree.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Account } from '../../ledger/state.ts'

export interface AccountsView {
  /** What the payee had earned, and the path to the root; undefined for one that had no account. */
  prove(payee: Hex): { readonly earnedWei: bigint; readonly proof: readonly Hex[] } | undefined
  readonly size: number
  /** So many from this leaf on, in the order of the tree. */
  list(from: number, limit: number): { readonly payee: Hex; readonly earnedWei: bigint }[]
}

/** Copies the balances now; the tree is built when the first proof is asked for. */
export function createAccountsView(accounts: Iterable<Account>): AccountsView {
  const balances = new Map<Hex, { readonly index: number; readonly earnedWei: bigint }>()
  for (const { payee, index, balance } of accounts) balances.set(payee, { index, earnedWei: balance.earnedWei })
  let tree: AccountsTree | undefined

  const build = (): AccountsTree => {
    const built = new AccountsTree()
    for (const [payee, { index, earnedWei }] of balances) built.set(index, () => accountLeaf(payee, earnedWei))
    return built
  }
  return {
    size: balances.size,
    list: (from, limit) =>
      [...balances].slice(from, from + limit).map(([payee, { earnedWei }]) => ({ payee, earnedWei })),
    prove(payee) {
      const balance = balances.get(payee)
      if (!balance) return undefined
      tree ??= build()
      return { earnedWei: balance.earnedWei, proof: accountProof(tree, balance.index) }
    },
  }
}
