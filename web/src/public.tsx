/** What anyone may know: the head, what was anchored when, whether the money is there, who runs and by which rules. */
import type { LedgerHeadAnswer } from '../../client/api.ts'
import type { Anchor, Boot } from '../../client/logApi.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Chart, type Point } from './chart.tsx'
import { imageIn } from './image.ts'
import { client, useLive } from './live.ts'
import { Amount, Answer, Card, Figure, Long, PayeeLink, Row, Transaction, When } from './parts.tsx'
import { ether, grouped } from './words.ts'

const anchorsShown = 120
const bootsShown = 10

export function Public() {
  const status = useLive('status', (signal) => client.status({ signal }))
  const chainId = status.value?.chainId
  const anchors = useLive(
    'anchors',
    async (signal) => (await client.anchors({ last: anchorsShown }, { signal })).anchors,
  )
  const boots = useLive('boots', async (signal) => (await client.boots({ last: bootsShown }, { signal })).boots)
  return (
    <>
      <h1>Ledger</h1>
      <Head />
      <Answer title="Anchors" live={anchors}>
        {(value) => <Anchors anchors={value} chainId={chainId} />}
      </Answer>
      <Books />
      <Payouts chainId={chainId} />
      <Answer title="Starts of the enclave" live={boots}>
        {(value) => <Boots boots={value} chainId={chainId} />}
      </Answer>
      <Rules />
      <Contract />
    </>
  )
}

function Head() {
  const live = useLive('ledgerHead', (signal) => client.ledgerHead({ signal }))
  return (
    <Answer title="Now" live={live}>
      {(value) => (
        <>
          <Solvency head={value} />
          <dl class="figures">
            <Figure name="Earned by all">
              <Amount wei={value.totalEarnedWei} />
            </Figure>
            <Figure name="Paid to all">
              <Amount wei={value.totalPaidWei} />
            </Figure>
            <Figure name="In the treasury">
              {value.treasuryWei === null ? 'not asked yet' : <Amount wei={value.treasuryWei} />}
            </Figure>
            <Figure name="Last anchor">
              {value.head && value.anchored ? (
                <>
                  number {grouped(value.anchored.counter)}, <When at={value.head.committedAt} />
                </>
              ) : (
                'none yet'
              )}
            </Figure>
            <Figure name="Entries in the log">{grouped(value.logSize)}</Figure>
            {value.head && (
              <Figure name="Root in the contract">
                <Long value={value.head.root} />
              </Figure>
            )}
          </dl>
        </>
      )}
    </Answer>
  )
}

function Solvency({ head: { totalEarnedWei, totalPaidWei, treasuryWei } }: { head: LedgerHeadAnswer }) {
  if (treasuryWei === null) return null
  const owedWei = totalEarnedWei > totalPaidWei ? totalEarnedWei - totalPaidWei : 0n
  return treasuryWei >= owedWei ? (
    <p class="good">The money is there: the treasury holds at least what is owed, {ether(owedWei)} ETH.</p>
  ) : (
    <p class="bad">
      The treasury is {ether(owedWei - treasuryWei)} ETH short of what is owed, {ether(owedWei)} ETH.
    </p>
  )
}

function Anchors({ anchors, chainId }: { anchors: readonly Anchor[]; chainId: bigint | undefined }) {
  return (
    <>
      {anchors.length > 2 && (
        <div class="charts">
          <Chart kind="line" caption="Earned by all" points={anchors.map(earnedAt)} />
          <Chart kind="bars" caption="Entries a minute" points={throughput(anchors)} />
        </div>
      )}
      <ol class="list">
        {anchors
          .slice(-5)
          .toReversed()
          .map(({ counter, commitment, transactionHash, at }) => (
            <li key={`${counter}`}>
              <Row
                side={
                  <>
                    <When at={at} /> in <Transaction hash={transactionHash} chainId={chainId} />
                  </>
                }
              >
                Anchor {grouped(counter)}: {grouped(commitment.logSize)} entries
              </Row>
            </li>
          ))}
      </ol>
    </>
  )
}

const weiPerEther = 1e18

const earnedAt = ({ at, commitment: { totalEarned } }: Anchor): Point => ({
  at: Number(at),
  value: Number(totalEarned) / weiPerEther,
  words: `${ether(totalEarned)} ETH`,
})

/** How fast the log grew from one anchor to the next. */
function throughput(anchors: readonly Anchor[]): Point[] {
  return anchors.slice(1).map(({ at, commitment }, i) => {
    const before = anchors[i] as Anchor
    const seconds = Math.max(1, Number(at - before.at))
    const value = (Number(commitment.logSize - before.commitment.logSize) * 60) / seconds
    return { at: Number(at), value, words: `${grouped(Math.round(value))} a minute` }
  })
}

function Payouts({ chainId }: { chainId: bigint | undefined }) {
  const live = useLive('payouts', (signal) => client.payouts({ limit: 10 }, { signal }))
  return (
    <Answer title="Last payments" live={live}>
      {({ payouts }) =>
        payouts.length === 0 ? (
          <p class="quiet">No payment yet.</p>
        ) : (
          <ol class="list">
            {payouts.map(({ payee, status, amountWei, reason, transactionHash, at }) => (
              <li key={`${transactionHash} ${payee} ${status}`}>
                <Row
                  side={
                    <>
                      <When at={at} /> in <Transaction hash={transactionHash} chainId={chainId} />
                    </>
                  }
                >
                  <span class={status === 'failed' ? 'bad' : 'good'}>
                    {status === 'failed' && `failed (${reason}): `}
                    <Amount wei={amountWei} />
                  </span>{' '}
                  {status === 'claimed' || status === 'exited' ? `${status} by` : 'to'} <PayeeLink payee={payee} />
                </Row>
              </li>
            ))}
          </ol>
        )
      }
    </Answer>
  )
}

function Books() {
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
            <ol class="list">
              {odd.slice(0, 20).map(({ code, detail, amountWei }) => (
                <li key={`${code} ${detail}`}>
                  <Row side={<Amount wei={amountWei} />}>
                    <code>{code}</code> {detail}
                  </Row>
                </li>
              ))}
            </ol>
          </>
        )
      }}
    </Answer>
  )
}

function Boots({ boots, chainId }: { boots: readonly Boot[]; chainId: bigint | undefined }) {
  const images = boots.map(({ attestation }) => imageIn(attestation))
  return (
    <ol class="list">
      {boots
        .map((boot, i) => ({ ...boot, image: images[i], before: images[i - 1] }))
        .toReversed()
        .map(({ epoch, boot, transactionHash, at, image, before }) => (
          <li key={boot}>
            <Row
              side={
                <>
                  <When at={at} /> in <Transaction hash={transactionHash} chainId={chainId} />
                </>
              }
            >
              Epoch {grouped(epoch)}: boot <Long value={boot} />
            </Row>
            <Row>
              <span class="quiet">{image ? measured(image, before) : 'its attestation document is not at hand'}</span>
            </Row>
          </li>
        ))}
    </ol>
  )
}

const measured = (image: Hex, before: Hex | undefined) => (
  <>
    measured as <Long value={image} />
    {before !== undefined && (before === image ? ', the image of before' : ', another image than before')}
  </>
)

/** Only where the operator publishes what it was deployed with. */
function Contract() {
  const { value } = useLive('deployment', (signal) => client.deployment({ signal }))
  if (!value) return null
  const { contract, owner, fromBlock, terms } = value
  return (
    <Card title="Contract">
      <dl class="figures">
        <Figure name="Address">
          <Long value={contract} />
        </Figure>
        <Figure name="Owner, a timelock">
          <Long value={owner} />
        </Figure>
        <Figure name="Since block">{grouped(fromBlock)}</Figure>
        <Figure name="Changes are public for">{days(terms.delay)}</Figure>
        <Figure name="Silence until anyone may freeze it">{days(terms.silence)}</Figure>
        <Figure name="Cap at first">
          {ether(terms.cap)} ETH in {days(terms.window)}
        </Figure>
      </dl>
    </Card>
  )
}

const days = (seconds: bigint): string => `${grouped(seconds / 86_400n)} days`

function Rules() {
  const live = useLive('configurations', (signal) => client.configurations({ signal }))
  return (
    <Answer title="Rules" live={live}>
      {({ configurations }) => (
        <ol class="list">
          {configurations.toReversed().map(({ hash, position, entry: { configuration } }, i) => (
            <li key={hash}>
              <Row side={<Long value={hash} />}>
                Version {grouped(configuration.version)}
                {i === 0 && ', in force'}, since entry {grouped(position)}
              </Row>
              <Row>
                <span class="quiet">
                  {configuration.reporters.length} reporters, {configuration.tariffs.length} tariffs,{' '}
                  {configuration.threshold === 0
                    ? 'never changes'
                    : `changed by ${configuration.threshold} of ${configuration.signers.length} signers`}
                </span>
              </Row>
            </li>
          ))}
        </ol>
      )}
    </Answer>
  )
}
