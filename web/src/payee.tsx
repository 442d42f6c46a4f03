/** What one payee is owed, from what, and what was paid: at a glance first, then piece by piece, then proved. */
import { useState } from 'preact/hooks'
import type { AccountAnswer, Payout } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Claim } from './claim.tsx'
import { Events } from './events.tsx'
import { client, useLive } from './live.ts'
import { Amount, Card, Figure, Transaction, Trouble, Waiting } from './parts.tsx'
import { readPayee } from './route.ts'
import { Verify } from './verify.tsx'
import { ether } from './words.ts'

export const Payee = ({ payee }: { payee: Hex | undefined }) => (payee ? <Account payee={payee} /> : <AskPayee />)

/** A wallet in the browser (EIP-1193). Only the address is asked for. */
interface Wallet {
  request(order: { method: 'eth_requestAccounts' }): Promise<readonly string[]>
}

const wallet = (): Wallet | undefined => (globalThis as { ethereum?: Wallet }).ethereum

function AskPayee() {
  const [fault, setFault] = useState<string>()
  const go = (text: string) => {
    const payee = readPayee(text)
    if (payee) location.hash = `#/payee/${payee}${location.hash.includes('?') ? `?${location.hash.split('?')[1]}` : ''}`
    else setFault('An address is 0x and 40 hexadecimal digits.')
  }
  const connect = async () => {
    try {
      go((await wallet()?.request({ method: 'eth_requestAccounts' }))?.[0] ?? '')
    } catch {
      setFault('The wallet did not give an address.') // it has told its owner why
    }
  }
  return (
    <Card title="What are you owed?">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          go(new FormData(event.currentTarget).get('payee') as string)
        }}
      >
        <label for="payee">Your address</label>
        <div class="row">
          <input
            id="payee"
            name="payee"
            placeholder="0x…"
            autocomplete="off"
            spellcheck={false}
            required
            aria-describedby="fault"
          />
          <button type="submit">Show</button>
          {wallet() && (
            <button type="button" onClick={connect}>
              Connect a wallet
            </button>
          )}
        </div>
        <p id="fault" class="trouble" role="alert">
          {fault}
        </p>
      </form>
    </Card>
  )
}

function Account({ payee }: { payee: Hex }) {
  const account = useLive(`account ${payee}`, (signal) => client.account(payee, { signal }))
  const status = useLive('status', (signal) => client.status({ signal }))
  return (
    <>
      <h1 class="address">
        <span class="quiet">Payee</span> <code>{payee}</code>
      </h1>
      {account.error && <NoAccount code={account.error.code} error={account.error} />}
      {!account.value && !account.error && <Waiting />}
      {account.value && <Balance account={account.value} />}
      <Verify payee={payee} />
      <History payee={payee} chainId={status.value?.chainId} />
      <Events payee={payee} />
      {account.value?.anchored && status.value && <Claim account={account.value} status={status.value} />}
    </>
  )
}

const NoAccount = ({ code, error }: { code: string; error: Parameters<typeof Trouble>[0]['error'] }) =>
  code === 'NOT_FOUND' ? (
    <Card title="Nothing yet">
      <p>
        Nobody has reported work for this address. If you have worked, ask whoever reports it for the receipt of your
        batch.
      </p>
    </Card>
  ) : (
    <Trouble error={error} />
  )

function Balance({ account }: { account: AccountAnswer }) {
  const { owedWei, earnedWei, paidWei, rail } = account
  return (
    <Card title="You are owed">
      <p class="headline">
        <Amount wei={owedWei} strong />
      </p>
      <p>{nextPayout(account)}</p>
      <dl class="figures">
        <Figure name="Earned in all">
          <Amount wei={earnedWei} />
        </Figure>
        <Figure name="Paid in all">
          <Amount wei={paidWei} />
        </Figure>
        <Figure name="Paid by">{rail === 'ticket' ? 'Livepeer tickets' : 'plain ETH'}</Figure>
      </dl>
    </Card>
  )
}

const waits: Readonly<Record<string, string>> = {
  FAILED_RECENTLY: 'the last payment failed, so it is tried again a little later',
  NO_ROUNDS_MANAGER: 'the operator has not set up payments by Livepeer ticket',
  ROUND_NOT_INITIALIZED: "Livepeer's round has not begun yet",
  ORCHESTRATOR_INACTIVE: 'this address is no active Livepeer orchestrator now, and only those can be paid by ticket',
  PAYEE_REFUSES: 'the contract at this address refuses to take ETH',
  TICKET_FAILS: 'Livepeer would refuse the ticket',
  TREASURY_SHORT: 'there is not enough money in the treasury',
  WINDOW_USED: 'as much as may leave the treasury at a time has left it',
  COMMIT_FULL: 'the payout was full, and you are in the next one',
}

function nextPayout({ owedWei, minimumWei, waitsFor }: AccountAnswer): string {
  if (owedWei === 0n) return 'Everything that you earned is paid.'
  if (owedWei < minimumWei)
    return `You are paid once you are owed ${ether(minimumWei)} ETH: ${ether(minimumWei - owedWei)} ETH to go.`
  if (waitsFor && waitsFor.reason !== 'BELOW_MINIMUM') {
    const words = waits[waitsFor.reason] ?? waitsFor.reason
    return `You are due, but the last payout left you out, or part of it: ${words}${waitsFor.detail === null ? '' : ` (${waitsFor.detail})`}.`
  }
  return 'You are due: the next payout includes you.'
}

const paymentsFirst = 5
const paymentsMost = 1_000

function History({ payee, chainId }: { payee: Hex; chainId: bigint | undefined }) {
  const [limit, setLimit] = useState(paymentsFirst)
  const { value, error } = useLive(`payouts ${payee} ${limit}`, (signal) =>
    client.payouts({ payee, limit }, { signal }),
  )
  return (
    <Card title="Payments">
      {error && <Trouble error={error} />}
      {value?.payouts.length === 0 && <p class="quiet">No payment yet.</p>}
      <ol class="list">
        {value?.payouts.map((payout) => (
          <li key={`${payout.transactionHash} ${payout.status}`}>
            <span class={payout.status === 'failed' ? 'bad' : 'good'}>{sentenceOf(payout)}</span>
            <span class="quiet">
              <When payout={payout} /> in <Transaction hash={payout.transactionHash} chainId={chainId} />
            </span>
          </li>
        ))}
      </ol>
      {value?.next && limit < paymentsMost && (
        <button type="button" onClick={() => setLimit(Math.min(limit * 5, paymentsMost))}>
          Older
        </button>
      )}
    </Card>
  )
}

function sentenceOf({ status, amountWei, rail, reason }: Payout): string {
  const what = `${ether(amountWei)} ETH ${rail === 'ticket' ? 'by ticket' : 'as plain ETH'}`
  if (status === 'claimed') return `You took ${ether(amountWei)} ETH from the contract yourself.`
  if (status === 'exited') return `You took ${ether(amountWei)} ETH from the contract after it was frozen.`
  return status === 'paid' ? `Paid ${what}` : `Could not pay ${what}: ${reason}. It stays owed and is tried again.`
}

const When = ({ payout }: { payout: Payout }) => <span>block {`${payout.blockNumber}`}</span>
