/** The accounts at one moment, with proofs against the accounts root of that moment. */
import { accountProof } from '../../client/accountProof.ts'
import { type Accounts, readRow, rowBytes } from '../../ledger/accounts.ts'
import type { Hex } from '../../ledger/hex.ts'

export interface AccountsView {
  /** What the payee had earned, and the path to the root; undefined for one that had no account. */
  prove(payee: Hex): { readonly earnedWei: bigint; readonly proof: readonly Hex[] } | undefined
  readonly size: number
  /** So many from this leaf on, in the order of the tree. */
  list(from: number, limit: number): { readonly payee: Hex; readonly earnedWei: bigint }[]
}

/** The accounts as they are now, whatever becomes of them. Nothing is hashed for it, and little made: a ledger is committed to while reporters wait. */
export function createAccountsView(accounts: Accounts): AccountsView {
  const { size } = accounts
  const [rows, tree] = [accounts.rows(0, size).slice(), accounts.tree.copy()]
  const rowAt = (index: number) => readRow(rows.subarray(index * rowBytes, (index + 1) * rowBytes))
  return {
    size,
    list: (from, limit) => Array.from({ length: Math.max(0, Math.min(limit, size - from)) }, (_, i) => rowAt(from + i)),
    prove(payee) {
      const index = accounts.indexOf(payee)
      // An account that began since has a place beyond those that were there.
      if (index === undefined || index >= size) return undefined
      return { earnedWei: rowAt(index).earnedWei, proof: accountProof(tree, index) }
    },
  }
}
