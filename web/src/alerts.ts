/** What an operator should look at now, the worst first. The same limits as the rules in deploy/alerts.yml. */
import type { LedgerHeadAnswer, ReconciliationAnswer, StatusAnswer } from '../../client/api.ts'
import type { operatorStatusAnswer } from '../../client/operatorApi.ts'
import type { Value } from '../../protocol/codec.ts'
import { ago, ether } from './words.ts'

interface Seen {
  readonly operator: Value<typeof operatorStatusAnswer>
  readonly status: StatusAnswer | undefined
  readonly ledger: LedgerHeadAnswer | undefined
  readonly books: ReconciliationAnswer | undefined
  /** Seconds since 1970. */
  readonly now: number
}

const silenceLeftSeconds = 3 * 86_400
const gasLeastWei = 20n * 10n ** 15n
const unanchoredSeconds = 2 * 3_600

/** Sentences; none where nothing needs anyone. */
export function alertsOf({ operator, status, ledger, books, now }: Seen): string[] {
  const alerts: string[] = []
  const { chain } = operator
  const odd = books?.discrepancies.filter(({ kind }) => kind === 'unexplained').length ?? 0
  if (odd > 0) alerts.push(`${odd} differences between ledger, contract and broker are not explained: see below.`)
  if (operator.state !== 'open' && operator.state !== 'following')
    alerts.push(`No batch is taken: the daemon is ${operator.state}.`)
  if (status?.waitsFor) alerts.push(`Nothing is anchored: ${status.waitsFor}.`)
  if (chain && books && chain.treasuryWei < books.owedWei)
    alerts.push(`The treasury is ${ether(books.owedWei - chain.treasuryWei)} ETH short of what is owed.`)
  if (chain && books && chain.roomWei * 10n < books.owedWei)
    alerts.push('The window lets go of less than a tenth of what is owed: payouts wait for it.')
  if (chain?.silentAt && Number(chain.silentAt) - now < silenceLeftSeconds)
    alerts.push(`Anyone may freeze the contract ${ago(Number(chain.silentAt), now)} unless a commit lands.`)
  if (ledger?.head && ledger.anchored && now - Number(ledger.head.committedAt) > unanchoredSeconds)
    if (ledger.logSize > ledger.anchored.commitment.logSize)
      alerts.push(`Entries wait to be anchored since ${ago(Number(ledger.head.committedAt), now)}.`)
  if (chain && chain.gasAccountWei < gasLeastWei)
    alerts.push(`The core's gas account holds ${ether(chain.gasAccountWei)} ETH: fill it.`)
  const left = operator.leftOut.filter(({ reason }) => !['BELOW_MINIMUM', 'COMMIT_FULL'].includes(reason))
  if (left.length > 0) alerts.push(`${left.length} payees were left out of the last payout: see what blocks each.`)
  return alerts
}
