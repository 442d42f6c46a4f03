/** For the operator, with a token: who is due, what blocks each payout, what would be paid now. */
import { useState } from 'preact/hooks'
import type { Discrepancy } from '../../client/api.ts'
import { createClient } from '../../client/client.ts'
import { operatorStatusAnswer, payoutPlanAnswer } from '../../client/operatorApi.ts'
import type { Value } from '../../protocol/codec.ts'
import { alertsOf } from './alerts.ts'
import { base, useLive } from './live.ts'
import { Amount, Answer, Card, Figure, PayeeLink, Row, When } from './parts.tsx'
import { ether, grouped, waits } from './words.ts'

/** Gone with the tab: a token on disk would outlive the visit. */
const tokenKey = 'bursar operator token'

export function Operator() {
  const [token, setToken] = useState(sessionStorage.getItem(tokenKey) ?? '')
  const enter = (text: string) => {
    sessionStorage.setItem(tokenKey, text)
    setToken(text)
  }
  return token === '' ? <AskToken enter={enter} /> : <Desk token={token} leave={() => enter('')} />
}

const AskToken = ({ enter }: { enter: (token: string) => void }) => (
  <Card title="Operator">
    <form
      onSubmit={(event) => {
        event.preventDefault()
        enter((new FormData(event.currentTarget).get('token') as string).trim())
      }}
    >
      <label for="token">The token in the file that the daemon's configuration names</label>
      <div class="row">
        <input id="token" name="token" type="password" autocomplete="off" required />
        <button type="submit">Enter</button>
      </div>
      <p class="quiet">This view is served on the operator's own address only.</p>
    </form>
  </Card>
)

function Desk({ token, leave }: { token: string; leave: () => void }) {
  const client = createClient({
    url: base,
    fetch: (url, init) => fetch(url, { ...init, headers: { authorization: `Bearer ${token}` } }),
  })
  const operator = useLive(`operator ${token}`, (signal) =>
    client.ask(operatorStatusAnswer, '/operator/status', { signal }),
  )
  const status = useLive('status', (signal) => client.status({ signal }))
  const ledger = useLive('ledgerHead', (signal) => client.ledgerHead({ signal }))
  const books = useLive('reconciliation', (signal) => client.reconciliation({ signal }))
  const plan = useLive(`plan ${token}`, (signal) => client.ask(payoutPlanAnswer, '/operator/payouts', { signal }))
  const others = { status: status.value, ledger: ledger.value, books: books.value }
  return (
    <>
      <h1 class="bar">
        Operator
        <button type="button" class="plain" onClick={leave}>
          Leave
        </button>
      </h1>
      <Answer title="Alerts" live={operator}>
        {(value) => <Alerts alerts={alertsOf({ operator: value, ...others, now: Date.now() / 1000 })} />}
      </Answer>
      <Answer title="State" live={operator}>
        {(value) => <State value={value} nextPayoutAt={status.value?.nextPayoutAt ?? null} />}
      </Answer>
      <Answer title="If payouts were made now" live={plan}>
        {(value) => <Plan plan={value} />}
      </Answer>
      <Answer title="Differences" live={books}>
        {({ discrepancies }) => <Differences discrepancies={discrepancies} />}
      </Answer>
    </>
  )
}

const Alerts = ({ alerts }: { alerts: readonly string[] }) =>
  alerts.length === 0 ? (
    <p class="good">Nothing needs you.</p>
  ) : (
    <ul class="list">
      {alerts.map((alert) => (
        <li key={alert} class="bad">
          {alert}
        </li>
      ))}
    </ul>
  )

interface StateProps {
  readonly value: Value<typeof operatorStatusAnswer>
  readonly nextPayoutAt: bigint | null
}

const State = ({ value: { state, chain }, nextPayoutAt }: StateProps) => (
  <dl class="figures">
    <Figure name="The daemon is">{state}</Figure>
    <Figure name="Next payout">{nextPayoutAt === null ? 'decided elsewhere' : <When at={nextPayoutAt} />}</Figure>
    {chain && (
      <>
        <Figure name="Treasury">
          <Amount wei={chain.treasuryWei} />
        </Figure>
        <Figure name="May leave in this window">
          <Amount wei={chain.roomWei} />
        </Figure>
        <Figure name="Gas account">
          <Amount wei={chain.gasAccountWei} />
        </Figure>
        <Figure name="Anyone may freeze">
          {chain.silentAt === null ? 'not before the first commit' : <When at={chain.silentAt} />}
        </Figure>
      </>
    )}
  </dl>
)

const Plan = ({ plan: { payments, leftOut, gas, round } }: { plan: Value<typeof payoutPlanAnswer> }) => (
  <>
    <h3>{grouped(payments.length)} would be paid</h3>
    {payments.length > 0 && (
      <p class="quiet">
        {ether(payments.reduce((sum, { amountWei }) => sum + amountWei, 0n))} ETH in all, at most {grouped(gas)} gas
        {round > 0n && `, tickets of round ${grouped(round)}`}
      </p>
    )}
    <ol class="list">
      {payments.map(({ payee, amountWei, rail }) => (
        <li key={payee}>
          <Row side={<Amount wei={amountWei} />}>
            <PayeeLink payee={payee} /> {rail === 'ticket' ? 'by ticket' : 'as plain ETH'}
          </Row>
        </li>
      ))}
    </ol>
    <h3>{grouped(leftOut.length)} would not</h3>
    <ol class="list">
      {leftOut.map(({ payee, owedWei, reason, detail }) => (
        <li key={payee}>
          <Row side={<Amount wei={owedWei} />}>
            <PayeeLink payee={payee} />
          </Row>
          <Row>
            <span class="quiet">
              {waits[reason] ?? <code>{reason}</code>}
              {detail !== null && ` (${detail})`}
            </span>
          </Row>
        </li>
      ))}
    </ol>
  </>
)

/** What each kind of difference means, and whether anyone has to do something. */
const kinds: Readonly<Record<Discrepancy['kind'], string>> = {
  unexplained: 'Must never be: stop paying and look.',
  unknown_transaction: 'Signed by the core, and not in this store: its disk was lost, or another has the key.',
  failed: 'The last try failed; it stays owed and is tried again.',
  pending: 'Earned, and not paid yet.',
  claimed: 'The payee took it from the contract itself.',
  exited: 'The payee took it from the contract after it was frozen.',
  gift: "A stranger's money on the core's deposit at the broker: nobody's loss.",
  struck: 'Left by commits that an admission took back.',
}
const shownOfKind = 50

function Differences({ discrepancies }: { discrepancies: readonly Discrepancy[] }) {
  if (discrepancies.length === 0) return <p class="good">None.</p>
  return (Object.keys(kinds) as Discrepancy['kind'][]).map((kind) => {
    const some = discrepancies.filter((one) => one.kind === kind)
    if (some.length === 0) return null
    return (
      <details key={kind} open={kind === 'unexplained'}>
        <summary>
          <span class={kind === 'unexplained' ? 'bad' : ''}>
            {grouped(some.length)} {kind.replace('_', ' ')}
          </span>
          : {kinds[kind]}
        </summary>
        <ol class="list">
          {some.slice(0, shownOfKind).map(({ code, detail, payee, amountWei }) => (
            <li key={`${code} ${payee} ${detail}`}>
              <Row side={<Amount wei={amountWei} />}>{payee ? <PayeeLink payee={payee} /> : <code>{code}</code>}</Row>
              <Row>
                <span class="quiet">{detail}</span>
              </Row>
            </li>
          ))}
        </ol>
      </details>
    )
  })
}
