/** A daemon with several lanes: where each is, what all of them owe, and a payee in all of them. Each has this page for itself too. */
import type { LaneShown } from '../../client/api.ts'
import { fetchAccounts, type LaneAccount } from '../../client/lanes.ts'
import type { Hex } from '../../ledger/hex.ts'
import { base, usePolled } from './live.ts'
import { Amount, Answer, Card, Copy, Figure, Long, Row, Trouble } from './parts.tsx'
import { AskPayee } from './payee.tsx'
import { lanePlace, type Route } from './route.ts'

export function Lanes({ lanes, route }: { lanes: readonly LaneShown[]; route: Route }) {
  if (route.view === 'payee') return route.payee ? <Everywhere key={route.payee} payee={route.payee} /> : <AskPayee />
  return route.view === 'operator' ? <Desks lanes={lanes} /> : <Overview lanes={lanes} />
}

function Overview({ lanes }: { lanes: readonly LaneShown[] }) {
  const sum = (member: 'owedWei' | 'paidWei'): bigint | null =>
    lanes.reduce<bigint | null>((all, { [member]: wei }) => (all === null || wei === null ? null : all + wei), 0n)
  return (
    <>
      <h1>Lanes</h1>
      <Card title="Together">
        <dl class="figures">
          <Figure name="Owed to all">
            <Known wei={sum('owedWei')} />
          </Figure>
          <Figure name="Paid to all">
            <Known wei={sum('paidWei')} />
          </Figure>
        </dl>
      </Card>
      <Card title="Each for itself">
        <p class="quiet">
          Each lane has a contract, an enclave and a ledger of its own: what goes wrong in one leaves the others alone.
        </p>
        <ol class="list">
          {lanes.map(({ name, state, verifyingContract, owedWei }) => (
            <li key={name} data-lane={name}>
              <Row
                side={
                  <>
                    owed: <Known wei={owedWei} />
                  </>
                }
              >
                <a href={lanePlace(name, '#/')}>{name}</a>: <span class={isWell(state) ? 'good' : 'bad'}>{state}</span>
              </Row>
              <Row>
                <span class="quiet">
                  contract <Long value={verifyingContract} />
                </span>
              </Row>
            </li>
          ))}
        </ol>
      </Card>
    </>
  )
}

const isWell = (state: string): boolean => state === 'open' || state === 'following'

const Known = ({ wei }: { wei: bigint | null }) =>
  wei === null ? <span class="quiet">a lane does not answer</span> : <Amount wei={wei} />

function Everywhere({ payee }: { payee: Hex }) {
  const live = usePolled(`everywhere ${payee}`, (signal) => fetchAccounts({ url: base }, payee, { signal }))
  return (
    <>
      <h1>
        Payee <code class="address">{payee}</code> <Copy text={payee} what="the address" />
      </h1>
      <Answer title="You are owed in all lanes" live={live}>
        {({ sum, lanes }) => (
          <>
            <p class="headline">
              <Known wei={sum?.owedWei ?? null} />
            </p>
            <dl class="figures">
              <Figure name="Earned in all">
                <Known wei={sum?.earnedWei ?? null} />
              </Figure>
              <Figure name="Paid in all">
                <Known wei={sum?.paidWei ?? null} />
              </Figure>
            </dl>
            <p class="quiet">Open a lane to see from what, and to verify it against its contract.</p>
            <ol class="list">
              {lanes.map((one) => (
                <li key={one.lane.name} data-lane={one.lane.name}>
                  <Row side={<Share {...one} />}>
                    <a href={lanePlace(one.lane.name, `#/payee/${payee}`)}>{one.lane.name}</a>
                  </Row>
                </li>
              ))}
            </ol>
          </>
        )}
      </Answer>
    </>
  )
}

function Share({ account, error }: LaneAccount) {
  if (error) return <Trouble error={error} />
  if (!account) return <>no work reported</>
  return (
    <>
      owed <Amount wei={account.owedWei} />, paid <Amount wei={account.paidWei} />
    </>
  )
}

/** The token is asked once: it is the daemon's, not a lane's. */
const Desks = ({ lanes }: { lanes: readonly LaneShown[] }) => (
  <Card title="Operator">
    <ol class="list">
      {lanes.map(({ name, state }) => (
        <li key={name}>
          <Row side={state}>
            <a href={lanePlace(name, '#/operator')}>{name}</a>
          </Row>
        </li>
      ))}
    </ol>
  </Card>
)
