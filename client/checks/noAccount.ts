/** That a payee has no account at an anchor: by all accounts that have one. */
import { accountLeaf } from '../../ledger/accountsTree.ts'
import type { Hex } from '../../ledger/hex.ts'
import { treeOfLeaves } from '../accountProof.ts'
import type { Client } from '../client.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import type { Finding } from './check.ts'
import type { ProvenAnchor } from './onChain.ts'

/** More accounts than this are not fetched for one answer. */
const accountsMax = 200_000

/** @throws ProvedLie where the payee has one after all, or the list is not that of the root; NotChecked */
export async function proveNoAccount(client: Client, anchor: ProvenAnchor, payee: Hex): Promise<Finding> {
  const leaves: Uint8Array[] = []
  let total = 1
  while (leaves.length < total) {
    const page = await client.anchorAccounts(anchor.counter, { from: leaves.length })
    total = page.total
    if (total > accountsMax)
      throw new NotChecked('TOO_MANY_ACCOUNTS', 'there are too many accounts to prove that this one is not among them')
    if (page.accounts.length === 0) break
    for (const { payee: other, earnedWei } of page.accounts) {
      if (other === payee)
        throw new ProvedLie('ACCOUNT_WITHHELD', 'the daemon denies an account that is anchored', {
          payee,
          earned: `${earnedWei}`,
        })
      leaves.push(accountLeaf(other, earnedWei))
    }
  }
  if (treeOfLeaves(leaves).root() !== anchor.commitment.accountsRoot)
    throw new ProvedLie('WRONG_ACCOUNTS', 'the accounts that the daemon lists do not lead to the anchored root', {
      counter: `${anchor.counter}`,
    })
  return { said: `no account: not among the ${total} that are anchored`, facts: { payee, accounts: total } }
}
