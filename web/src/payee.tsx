/** What one payee is owed, from what, and what was paid: at a glance first, then piece by piece, then proved. */
import { useState } from 'preact/hooks'
import type { AccountAnswer } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Claim } from './claim.tsx'
import { Events } from './events.tsx'
import { History } from './history.tsx'
import { client, useLive } from './live.ts'
import { Amount, Card, Copy, Figure, Trouble, Waiting } from './parts.tsx'
import { readPayee } from './route.ts'
import { Verify } from './verify.tsx'
import { ago, ether, waits } from './words.ts'

export const Payee = ({ payee }: { payee: Hex | undefined }) => (payee ? <Account payee={payee} /> : <AskPayee />)

/** A wallet in the browser (EIP-1193). Only the address is asked for. */
interface Wallet {
  request(order: { method: 'eth_requestAccounts' }): Promise<readonly string[]>
}

const wallet = (): Wallet | undefined => (globalThis as { ethereum?: Wallet }).ethereum

export function AskPayee() {
  const [fault, setFault] = useState<string>()
  const go = (text: string) => {
    const payee = readPayee(text)
    if (payee) location.hash = `#/payee/${payee}`
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
      <h1>
        Payee <code class="address">{payee}</code> <Copy text={payee} what="the address" />
      </h1>
      {account.error && <NoAccount code={account.error.code} error={account.error} />}
      {!account.value && !account.error && <Waiting />}
      {account.value && <Balance account={account.value} nextPayoutAt={status.value?.nextPayoutAt ?? null} />}
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

function Balance({ account, nextPayoutAt }: { account: AccountAnswer; nextPayoutAt: bigint | null }) {
  const { owedWei, earnedWei, paidWei, rail } = account
  return (
    <Card title="You are owed">
      <p class="headline">
        <Amount wei={owedWei} />
      </p>
      <p>{nextPayout(account, nextPayoutAt)}</p>
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

function nextPayout({ owedWei, minimumWei, waitsFor }: AccountAnswer, at: bigint | null): string {
  if (owedWei === 0n) return 'Everything that you earned is paid.'
  const next = at === null || Number(at) * 1000 < Date.now() ? 'soon' : ago(Number(at))
  if (owedWei < minimumWei)
    return `You are paid once you are owed ${ether(minimumWei)} ETH: ${ether(minimumWei - owedWei)} ETH to go. The next payout is ${next}.`
  if (waitsFor && waitsFor.reason !== 'BELOW_MINIMUM') {
    const words = waits[waitsFor.reason] ?? waitsFor.reason
    return `You are due, but the last payout left you out, or part of it: ${words}${waitsFor.detail === null ? '' : ` (${waitsFor.detail})`}. It is tried again ${next}.`
  }
  return `You are due: the next payout, ${next}, includes you.`
}
