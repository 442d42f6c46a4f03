/** The payments that a payee got or should have got, and behind each one the work that it paid for. */
import { useState } from 'preact/hooks'
import type { AccountEntry, Payout } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Batch } from './events.tsx'
import { client, useLive } from './live.ts'
import { Amount, Card, Row, Transaction, Trouble, Waiting, When } from './parts.tsx'

const paymentsFirst = 5
const paymentsMost = 1_000
const entriesPerPage = 100

export function History({ payee, chainId }: { payee: Hex; chainId: bigint | undefined }) {
  const [limit, setLimit] = useState(paymentsFirst)
  const { value, error } = useLive(`payouts ${payee} ${limit}`, (signal) =>
    client.payouts({ payee, limit: limit + 1 }, { signal }),
  )
  const payouts = value?.payouts ?? []
  return (
    <Card title="Payments">
      {error && <Trouble error={error} />}
      {!value && !error && <Waiting />}
      {value && payouts.length === 0 && <p class="quiet">No payment yet.</p>}
      <ol class="list">
        {payouts.slice(0, limit).map((payout) => (
          <li key={`${payout.transactionHash} ${payout.status}`}>
            <Row side={<When at={payout.at} />}>
              <span class={payout.status === 'failed' ? 'bad' : 'good'}>
                {verbs[payout.status]} <Amount wei={payout.amountWei} />
              </span>
            </Row>
            <Row>
              <span class="quiet">
                {mannerOf(payout)} <Transaction hash={payout.transactionHash} chainId={chainId} />
              </span>
            </Row>
            {payout.status === 'paid' && <Behind payee={payee} payout={payout} />}
          </li>
        ))}
      </ol>
      {payouts.length > limit && limit < paymentsMost && (
        <button type="button" onClick={() => setLimit(Math.min(limit * 5, paymentsMost - 1))}>
          Older payments
        </button>
      )}
    </Card>
  )
}

const verbs = { paid: 'Paid', failed: 'Could not pay', claimed: 'You took', exited: 'You took' } as const

function mannerOf({ status, rail, reason }: Payout): string {
  if (status === 'claimed') return 'from the contract yourself, in'
  if (status === 'exited') return 'from the contract after it was frozen, in'
  if (status === 'failed') return `${reason}; it stays owed and is tried again. Transaction`
  return rail === 'ticket' ? 'by ticket in' : 'as plain ETH in'
}

interface BehindProps {
  readonly payee: Hex
  readonly payout: Payout
}

/** A payment brings the total up to some sum: behind it are the entries that earned the part which it added. */
function Behind({ payee, payout }: BehindProps) {
  const [entries, setEntries] = useState<readonly AccountEntry[] | Error>()
  const open = async () => {
    try {
      setEntries(await fetchBehind(payee, payout))
    } catch (error) {
      setEntries(error as Error)
    }
  }
  return (
    <details onToggle={(event) => event.currentTarget.open && !entries && open()}>
      <summary>What this paid for</summary>
      {!entries && <Waiting />}
      {entries instanceof Error && <p class="trouble">{entries.message}</p>}
      {Array.isArray(entries) && (
        <ol class="list">
          {entries.map((entry) => (
            <Batch key={entry.position} entry={entry} />
          ))}
        </ol>
      )}
    </details>
  )
}

const attemptsMax = 10
const fetchEntries = (payee: Hex, before?: string) =>
  client.accountEntries(payee, { limit: entriesPerPage, ...(before === undefined ? {} : { before }) })

/** Entries that earned what lies between the total before this payment and the one after it, newest first. */
async function fetchBehind(payee: Hex, payout: Payout): Promise<AccountEntry[]> {
  const { paidWei, payouts, ...newest } = await fetchTogether(payee)
  let { earnedWei, page } = newest
  const isThis = (one: Payout) => one.transactionHash === payout.transactionHash && one.status === payout.status
  const place = payouts.findIndex(isThis)
  if (place < 0) return [] // longer ago than one answer reaches
  const newer = payouts.slice(0, place).filter(({ status }) => status !== 'failed')
  const to = newer.reduce((sum, { amountWei }) => sum - amountWei, paidWei)
  const from = to - payout.amountWei
  const found: AccountEntry[] = []
  for (;;) {
    for (const entry of page.entries) {
      const before = earnedWei - entry.gainWei
      if (before < to && earnedWei > from && entry.gainWei > 0n) found.push(entry)
      earnedWei = before
    }
    if (page.next === null || earnedWei <= from) return found
    page = await fetchEntries(payee, page.next)
  }
}

/** Sums and lists of one moment: asked again where something came in between. */
async function fetchTogether(payee: Hex) {
  for (let attempt = 1; ; attempt++) {
    const { earnedWei, paidWei } = await client.account(payee)
    const [{ payouts }, page] = [await client.payouts({ payee, limit: paymentsMost }), await fetchEntries(payee)]
    const after = await client.account(payee)
    const isStill = after.earnedWei === earnedWei && after.paidWei === paidWei
    if (isStill || attempt === attemptsMax) return { earnedWei, paidWei, payouts, page }
  }
}
