/** For the operator, with a token: who is due, what blocks each payout, what would be paid now. */
import { useState } from 'preact/hooks'
import { createClient } from '../../client/client.ts'
import { operatorStatusAnswer, payoutPlanAnswer } from '../../client/operatorApi.ts'
import { useLive } from './live.ts'
import { Amount, Card, Figure, PayeeLink, Trouble, Waiting } from './parts.tsx'
import { ago, ether, grouped } from './words.ts'

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
    url: location.origin,
    fetch: (url, init) => fetch(url, { ...init, headers: { authorization: `Bearer ${token}` } }),
  })
  const status = useLive(`operator ${token}`, (signal) =>
    client.ask(operatorStatusAnswer, '/operator/status', { signal }),
  )
  const books = useLive('reconciliation', (signal) => client.reconciliation({ signal }))
  const plan = useLive(`plan ${token}`, (signal) => client.ask(payoutPlanAnswer, '/operator/payouts', { signal }))
  return (
    <>
      <h1>Operator</h1>
      <p>
        <button type="button" onClick={leave}>
          Leave
        </button>
      </p>
      <Card title="State">
        {status.error && <Trouble error={status.error} />}
        {status.value ? (
          <dl class="figures">
            <Figure name="The daemon is">{status.value.state}</Figure>
            {status.value.chain && (
              <>
                <Figure name="Treasury">
                  <Amount wei={status.value.chain.treasuryWei} />
                </Figure>
                <Figure name="May leave in this window">
                  <Amount wei={status.value.chain.roomWei} />
                </Figure>
                <Figure name="Gas account">
                  <Amount wei={status.value.chain.gasAccountWei} />
                </Figure>
                <Figure name="Anyone may freeze">
                  {status.value.chain.silentAt === null
                    ? 'not before the first commit'
                    : ago(Number(status.value.chain.silentAt))}
                </Figure>
              </>
            )}
          </dl>
        ) : (
          !status.error && <Waiting />
        )}
      </Card>
      <Card title="If payouts were made now">
        {plan.error && <Trouble error={plan.error} />}
        {plan.value && (
          <>
            <h3>{grouped(plan.value.payments.length)} would be paid</h3>
            <ol class="list">
              {plan.value.payments.map(({ payee, amountWei, rail }) => (
                <li key={payee}>
                  <PayeeLink payee={payee} />: <Amount wei={amountWei} /> <span class="quiet">{rail}</span>
                </li>
              ))}
            </ol>
            <h3>{grouped(plan.value.leftOut.length)} would not</h3>
            <ol class="list">
              {plan.value.leftOut.map(({ payee, owedWei, reason, detail }) => (
                <li key={payee}>
                  <PayeeLink payee={payee} />: <Amount wei={owedWei} />{' '}
                  <span class="quiet">
                    <code>{reason}</code> {detail}
                  </span>
                </li>
              ))}
            </ol>
          </>
        )}
      </Card>
      <Card title="Differences">
        {books.error && <Trouble error={books.error} />}
        {books.value && books.value.discrepancies.length === 0 && <p class="good">None.</p>}
        <ol class="list">
          {books.value?.discrepancies.slice(0, 200).map(({ kind, code, detail, payee, amountWei }) => (
            <li key={`${code} ${payee} ${detail}`}>
              <span class={kind === 'unexplained' ? 'bad' : ''}>{kind}</span> <code>{code}</code>{' '}
              {payee && <PayeeLink payee={payee} />} {ether(amountWei)} ETH <span class="quiet">{detail}</span>
            </li>
          ))}
        </ol>
      </Card>
    </>
  )
}
