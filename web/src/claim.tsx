/** The way out: a payee's proof, and the call that takes the money without the operator. */
import type { AccountAnswer, StatusAnswer } from '../../client/api.ts'
import { encodeClaim } from '../../client/claim.ts'
import { struct } from '../../protocol/codec.ts'
import { Card, Copy, download, Long } from './parts.tsx'
import { ether } from './words.ts'

const commitmentCodec = struct('Commitment')

interface ClaimProps {
  readonly account: AccountAnswer
  readonly status: StatusAnswer
}

export function Claim({ account, status }: ClaimProps) {
  const { anchored, payee, paidWei } = account
  if (!anchored) return null
  const { earnedWei, proof, commitment, counter, totalPaidWei } = anchored
  const { head } = status
  if (head?.counter !== counter) return null // a commit has just landed: the daemon proves against it in a moment
  const { committedAt } = head
  const dueWei = earnedWei > paidWei ? earnedWei - paidWei : 0n
  const call = encodeClaim({ anchor: { counter, totalPaidWei, committedAt }, commitment, earnedWei, proof, to: payee })
  const save = () =>
    download(
      `bursar-proof-${payee}-${counter}.json`,
      `${JSON.stringify(
        {
          chain_id: `${status.chainId}`,
          contract: status.verifyingContract,
          payee,
          anchor: { counter: `${counter}`, total_paid_wei: `${totalPaidWei}`, committed_at: `${committedAt}` },
          commitment: commitmentCodec.write(commitment),
          earned_wei: `${earnedWei}`,
          proof,
        },
        null,
        2,
      )}\n`,
    )
  return (
    <Card title="Without the operator">
      <p>
        Anchor {`${counter}`} proves that you earned {ether(earnedWei)} ETH. Keep the proof: with it you can take what
        is due to you{dueWei > 0n ? ` (${ether(dueWei)} ETH now)` : ''} from the contract yourself, at any time, and
        even if the operator falls silent for good.
      </p>
      <button type="button" onClick={save}>
        Download the proof
      </button>
      <details>
        <summary>How to claim</summary>
        <ol>
          <li>
            In a wallet that takes call data, choose <strong>your own address</strong> as the sender: nobody else's is
            accepted.
          </li>
          <li>
            Send no ETH to the contract <Long value={status.verifyingContract} />, with this call data:
            <span class="calldata">
              <code>{call}</code>
            </span>
            <Copy text={call} what="the call data" />
          </li>
          <li>
            The contract checks the proof and pays what is due to you at once, as far as it may let go of that much in a
            day. You pay the gas.
          </li>
        </ol>
      </details>
    </Card>
  )
}
