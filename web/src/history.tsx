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
        {payouts.slice(0, limit).map((payout, i) => (
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
            {payout.status === 'paid' && (
              <Behind
                payee={payee}
                payout={payout}
                before={payouts.slice(i + 1).find(({ status }) => status === 'paid')}
              />
            )}
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
  /** The payment before it: what that one paid for is not told again. */
  readonly before: Payout | undefined
}

/** A payment brings the total up to what was earned at its commit: behind it are the entries since the one before. */
function Behind({ payee, payout, before }: BehindProps) {
  const [entries, setEntries] = useState<readonly AccountEntry[] | Error>()
  const open = async () => {
    try {
      setEntries(await fetchBehind(payee, payout, before))
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
      {Array.isArray(entries) && entries.length === 0 && <p class="quiet">Work of earlier batches.</p>}
    </details>
  )
}

async function fetchBehind(payee: Hex, payout: Payout, before: Payout | undefined): Promise<AccountEntry[]> {
  const sizeAt = async (counter: bigint | null | undefined): Promise<number> =>
    counter ? Number((await client.anchorAccounts(counter, { limit: 1 })).commitment.logSize) : 0
  const [from, to] = [await sizeAt(before?.counter), await sizeAt(payout.counter)]
  const found: AccountEntry[] = []
  for (let next: string | null = `${to}`; next !== null; ) {
    const page: Awaited<ReturnType<typeof client.accountEntries>> = await client.accountEntries(payee, {
      before: next,
      limit: entriesPerPage,
    })
    found.push(...page.entries.filter(({ position }) => position >= from))
    next = page.entries.some(({ position }) => position < from) ? null : page.next
  }
  return found
}
