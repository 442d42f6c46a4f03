/** What anyone may know: the head, what was anchored when, whether the money is there, who runs and by which rules. */
import type { ComponentChildren } from 'preact'
import type { Anchor, Boot } from '../../client/logApi.ts'
import { Chart } from './chart.tsx'
import { client, useLive } from './live.ts'
import { Amount, Card, Figure, Long, PayeeLink, Transaction, Trouble, Waiting } from './parts.tsx'
import { ago, ether, etherShort, grouped } from './words.ts'

const anchorsShown = 60
const bootsShown = 5

export function Public() {
  const status = useLive('status', (signal) => client.status({ signal }))
  const chainId = status.value?.chainId
  return (
    <>
      <h1>Ledger</h1>
      <Head />
      <Anchors chainId={chainId} />
      <Payouts chainId={chainId} />
      <Solvency />
      <Boots chainId={chainId} />
      <Rules />
    </>
  )
}

/** A card that shows an answer once it is there, and what went wrong until then. */
function Answer<T>({
  title,
  live,
  children,
}: {
  title: string
  live: ReturnType<typeof useLive<T>>
  children: (value: T) => ComponentChildren
}) {
  return (
    <Card title={title}>
      {live.error && <Trouble error={live.error} />}
      {live.value ? children(live.value) : !live.error && <Waiting />}
    </Card>
  )
}

function Head() {
  const live = useLive('ledgerHead', (signal) => client.ledgerHead({ signal }))
  return (
    <Answer title="Now" live={live}>
      {({ logSize, totalEarnedWei, totalPaidWei, head, anchored }) => (
        <dl class="figures">
          <Figure name="Earned by all">
            <Amount wei={totalEarnedWei} />
          </Figure>
          <Figure name="Paid to all">
            <Amount wei={totalPaidWei} />
          </Figure>
          <Figure name="Entries in the log">{grouped(logSize)}</Figure>
          <Figure name="Last anchor">
            {head && anchored ? (
              <>
                number {grouped(anchored.counter)}, <time>{ago(Number(head.committedAt))}</time>
              </>
            ) : (
              'none yet'
            )}
          </Figure>
          {head && (
            <Figure name="Root in the contract">
              <Long value={head.root} />
            </Figure>
          )}
          {head && <Figure name="Epoch">{grouped(head.epoch)}</Figure>}
        </dl>
      )}
    </Answer>
  )
}

function Anchors({ chainId }: { chainId: bigint | undefined }) {
  const live = useLive('anchors', fetchLastAnchors)
  return (
    <Answer title="Anchors" live={live}>
      {(anchors) => (
        <>
          {anchors.length > 1 && (
            <Chart
              caption="Earned by all at each anchor, in ETH"
              points={anchors.map(({ counter, commitment }) => ({
                name: `anchor ${counter}`,
                value: Number(etherShort(commitment.totalEarned).replace(/[^0-9.]/g, '')),
              }))}
            />
          )}
          <ol class="list">
            {anchors
              .slice(-5)
              .toReversed()
              .map(({ counter, commitment, transactionHash }) => (
                <li key={`${counter}`}>
                  <span>
                    Anchor {grouped(counter)}: {grouped(commitment.logSize)} entries, {ether(commitment.totalEarned)}{' '}
                    ETH earned
                  </span>
                  <span class="quiet">
                    in <Transaction hash={transactionHash} chainId={chainId} />
                  </span>
                </li>
              ))}
          </ol>
        </>
      )}
    </Answer>
  )
}

const fetchLastAnchors = (signal: AbortSignal): Promise<readonly Anchor[]> =>
  fetchLast(anchorsShown, async (after) => {
    const { anchors, next } = await client.anchors({ limit: 1_000, ...after }, { signal })
    return { items: anchors, next }
  })

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** The last items of a list that the API gives from the first on: those are what people want to see. */
async function fetchLast<T>(
  count: number,
  fetchPage: (after: { after?: string }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  let last: readonly T[] = []
  for (let after: { after?: string } | undefined = {}; after; ) {
    const { items, next }: Page<T> = await fetchPage(after)
    last = [...last, ...items].slice(-count)
    after = next === null ? undefined : { after: next }
  }
  return last
}

function Payouts({ chainId }: { chainId: bigint | undefined }) {
  const live = useLive('payouts', (signal) => client.payouts({ limit: 10 }, { signal }))
  return (
    <Answer title="Last payments" live={live}>
      {({ payouts }) => (
        <ol class="list">
          {payouts.map(({ payee, status, amountWei, reason, transactionHash }) => (
            <li key={`${transactionHash} ${payee} ${status}`}>
              <span class={status === 'failed' ? 'bad' : 'good'}>
                {status === 'failed' && `failed (${reason}): `}
                {ether(amountWei)} ETH {status === 'claimed' || status === 'exited' ? `${status} by` : 'to'}{' '}
                <PayeeLink payee={payee} />
              </span>
              <span class="quiet">
                in <Transaction hash={transactionHash} chainId={chainId} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Answer>
  )
}

function Solvency() {
  const live = useLive('reconciliation', (signal) => client.reconciliation({ signal }))
  return (
    <Answer title="Do the books agree?" live={live}>
      {({ discrepancies, accounts, owedWei }) => {
        const odd = discrepancies.filter(({ kind }) => kind === 'unexplained')
        return (
          <>
            <p class={odd.length === 0 ? 'good' : 'bad'}>
              {odd.length === 0
                ? 'Ledger, contract and broker agree; every difference is explained.'
                : `${odd.length} differences are not explained.`}
            </p>
            <dl class="figures">
              <Figure name="Payees">{grouped(accounts)}</Figure>
              <Figure name="Owed to all">
                <Amount wei={owedWei} />
              </Figure>
              <Figure name="Explained differences">{grouped(discrepancies.length - odd.length)}</Figure>
            </dl>
            {odd.length > 0 && (
              <ol class="list">
                {odd.slice(0, 20).map(({ code, detail, amountWei }) => (
                  <li key={`${code} ${detail}`}>
                    <code>{code}</code> {detail} ({ether(amountWei)} ETH)
                  </li>
                ))}
              </ol>
            )}
          </>
        )
      }}
    </Answer>
  )
}

function Boots({ chainId }: { chainId: bigint | undefined }) {
  const live = useLive('boots', async (signal) => {
    const last = await fetchLast<Boot>(bootsShown, async (after) => {
      const { boots, next } = await client.boots(after, { signal })
      return { items: boots, next }
    })
    return last.toReversed()
  })
  return (
    <Answer title="Starts of the enclave" live={live}>
      {(boots) => (
        <ol class="list">
          {boots.map(({ epoch, boot, transactionHash, attestation }) => (
            <li key={boot}>
              <span>
                Epoch {grouped(epoch)}, boot <Long value={boot} />
              </span>
              <span class="quiet">
                {attestation ? 'with its attestation document' : 'attestation not at hand'} in{' '}
                <Transaction hash={transactionHash} chainId={chainId} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Answer>
  )
}

function Rules() {
  const live = useLive('configurations', (signal) => client.configurations({ signal }))
  return (
    <Answer title="Rules" live={live}>
      {({ configurations }) => (
        <ol class="list">
          {configurations.toReversed().map(({ hash, position, entry: { configuration } }) => (
            <li key={hash}>
              <span>
                Version {grouped(configuration.version)}, at entry {grouped(position)}: <Long value={hash} />
              </span>
              <span class="quiet">
                {configuration.reporters.length} reporters, {configuration.tariffs.length} tariffs,{' '}
                {configuration.threshold === 0
                  ? 'never changes'
                  : `changed by ${configuration.threshold} of ${configuration.signers.length} signers`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Answer>
  )
}
