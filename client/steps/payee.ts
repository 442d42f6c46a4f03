/** What one person holds against the daemon: an account, and a receipt. */
import type { Hex } from '../../ledger/hex.ts'
import { ApiError } from '../apiError.ts'
import { batchLeafHash } from '../batch.ts'
import type { Finding } from '../checks/check.ts'
import { checkAccount, checkContinues, checkReceipt } from '../checks/claims.ts'
import { proveNoAccount } from '../checks/noAccount.ts'
import { proveBoot } from '../checks/onChain.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, need, type VerifyOptions } from './known.ts'
import { judgeLag } from './lag.ts'

export async function checkPayee(
  { client, rpc, payee: wanted, lagSeconds }: VerifyOptions,
  known: Known,
): Promise<Finding> {
  const [treasury, payee] = [need(known, 'treasury'), wanted as Hex]
  const account = await client.account(payee).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  })
  if (!account) return proveNoAccount(client, need(known, 'anchor'), payee)
  const head = await treasury.head()
  const { anchored } = account
  if (anchored && anchored.counter > head.counter)
    throw new NotChecked('NODE_BEHIND', 'the daemon proves against a newer root than your node knows')
  if (anchored && anchored.counter < head.counter) await judgeLag(rpc, head, anchored.counter, lagSeconds)
  const { earnedWei } = checkAccount(account, payee, head.root)
  const paidWei = await treasury.paid(payee, account.paidAtBlock ?? undefined)
  if (paidWei !== account.paidWei)
    throw new ProvedLie('WRONG_PAID', 'the daemon says that another sum was paid than the contract', {
      claimed: `${account.paidWei}`,
      contract: `${paidWei}`,
      block: `${account.paidAtBlock}`,
    })
  if (paidWei > account.earnedWei)
    throw new ProvedLie('PAID_ABOVE_EARNED', 'the contract paid more than the daemon says was earned', {
      paid: `${paidWei}`,
      earned: `${account.earnedWei}`,
    })
  const owedWei = earnedWei > paidWei ? earnedWei - paidWei : 0n
  const newerWei = account.earnedWei - earnedWei
  const newer = newerWei > 0n ? `; ${newerWei} wei more since, not anchored yet: the daemon's word` : ''
  return {
    said: `earned ${earnedWei} wei by commit ${head.counter}, paid ${paidWei} wei, owed ${owedWei} wei${newer}`,
    facts: {
      payee,
      earned_wei: `${earnedWei}`,
      paid_wei: `${paidWei}`,
      owed_wei: `${owedWei}`,
      newer_wei: `${newerWei}`,
    },
  }
}

export async function checkReceipted({ client, receipt: given }: VerifyOptions, known: Known): Promise<Finding> {
  const { batch, receipt } = given as NonNullable<VerifyOptions['receipt']>
  const [domain, head, treasury, log] = [
    need(known, 'domain'),
    need(known, 'head'),
    need(known, 'treasury'),
    need(known, 'log'),
  ]
  checkReceipt(domain, head.committer, receipt, batchLeafHash(batch))
  const { boot } = receipt.head.epoch === head.epoch ? head : await proveBoot(client, treasury, receipt.head.epoch)
  if (boot !== receipt.head.boot)
    throw new ProvedLie('UNKNOWN_BOOT', 'the receipt is of a boot that the contract does not know', {
      boot: receipt.head.boot,
    })
  const sight = { size: Number(receipt.head.size), root: receipt.head.root }
  checkContinues(sight, log, sight.size > log.size ? [] : await client.consistency(sight.size, log.size))
  const isAnchored = BigInt(receipt.position) < (known.anchor?.commitment.logSize ?? 0n)
  const state = isAnchored ? 'anchored' : 'provisional: no commit covers it yet'
  return {
    said: `batch ${batch.batch.sequence} is entry ${receipt.position}, ${state}`,
    facts: { position: receipt.position },
  }
}
