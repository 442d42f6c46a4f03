/** Looks for transactions of the core's account that the store does not know: its disk was lost, or another has the key. */
import type { Discrepancy } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'
import { readAttempt } from './attempts.ts'

interface CoreAccountOptions {
  readonly chain: Pick<Chain, 'nonce'>
  readonly store: Pick<Store, 'transactionsBetween' | 'eventsNamed'>
}

/** Every transaction is looked at once in the life of a daemon: what is mined and stored stays so. */
export function createCoreAccountCheck({ chain, store }: CoreAccountOptions) {
  let seen = { account: '' as string, upTo: 0, unknown: [] as readonly number[] }
  return async (account: Hex, block: number): Promise<Discrepancy[]> => {
    if (seen.account !== account) seen = { account, upTo: 0, unknown: [] }
    const { upTo, unknown } = seen
    const nonce = await chain.nonce(account, block)
    if (nonce > upTo) {
      const known = new Set<number>()
      for (const stored of await store.transactionsBetween(upTo, nonce))
        if ((await readAttempt(stored)).sender === account) known.add(stored.nonce)
      const fresh = Array.from({ length: nonce - upTo }, (_, i) => upTo + i).filter((one) => !known.has(one))
      seen = { account, upTo: nonce, unknown: [...unknown, ...fresh] }
    }
    if (seen.unknown.length === 0) return []
    const detail = `${seen.unknown.length} transactions of the core's account are not of this store, the first has nonce ${seen.unknown[0]}`
    return [{ kind: 'unknown_transaction', code: 'UNKNOWN_TRANSACTION', detail, payee: null, amountWei: 0n }]
  }
}
