/** Anchors and boots as the chain tells them. The daemon only says in which block to look: a wrong hint finds nothing. */
import { type Hex, toBytes } from '../../ledger/hex.ts'
import type { Commitment } from '../../ledger/structs.ts'
import { selectorOf } from '../chain/abi.ts'
import { commitmentOf } from '../chain/events.ts'
import type { Head, Treasury } from '../chain/treasury.ts'
import type { Client } from '../client.ts'
import type { Boot } from '../logApi.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { checkCommitment } from './claims.ts'

export interface ProvenAnchor {
  readonly counter: bigint
  readonly root: Hex
  readonly commitment: Commitment
}

interface ClaimedAnchor extends ProvenAnchor {
  readonly blockNumber: bigint
}

/** An anchor that the daemon names, proved by the head or by its event. @throws ProvedLie, NotChecked */
export async function proveAnchor(treasury: Treasury, head: Head, claimed: ClaimedAnchor): Promise<ProvenAnchor> {
  const { counter, commitment } = claimed
  if (counter > head.counter)
    throw new NotChecked('NODE_BEHIND', 'the daemon knows a newer commit than the node: ask a node that is up to date')
  if (counter === head.counter) {
    checkCommitment(commitment, head.root)
    return { counter, root: head.root, commitment }
  }
  const [event] = await treasury.eventsAt('Committed', claimed.blockNumber, [null, counter])
  if (!event)
    throw new ProvedLie('NO_SUCH_ANCHOR', 'the block that the daemon names holds no commit with this counter', {
      counter: `${counter}`,
      block: `${claimed.blockNumber}`,
    })
  checkCommitment(commitment, claimed.root)
  if (
    commitmentOf(event).accountsRoot !== commitment.accountsRoot ||
    commitmentOf(event).logRoot !== commitment.logRoot
  )
    throw new ProvedLie('WRONG_COMMITMENT', 'the event of this commit tells another commitment', {
      counter: `${counter}`,
    })
  return { counter, root: claimed.root, commitment }
}

export interface ProvenBoot {
  readonly epoch: bigint
  readonly boot: Hex
  readonly transactionHash: Hex
}

/** The boot that opened an epoch, by the contract's event. @throws ProvedLie, NotChecked */
export async function proveBoot(client: Client, treasury: Treasury, epoch: bigint): Promise<ProvenBoot> {
  const claimed = await findBoot(client, epoch)
  const [event] = await treasury.eventsAt('Opened', claimed.blockNumber, [epoch])
  if (!event)
    throw new ProvedLie('NO_SUCH_BOOT', 'the block that the daemon names opened no such epoch', {
      epoch: `${epoch}`,
      block: `${claimed.blockNumber}`,
    })
  return { epoch, boot: event.args.boot, transactionHash: event.transactionHash }
}

async function findBoot(client: Client, epoch: bigint): Promise<Boot> {
  for (let after: string | undefined; ; ) {
    const { boots, next } = await client.boots(after === undefined ? {} : { after })
    const found = boots.find((boot) => boot.epoch === epoch)
    if (found) return found
    if (next === null)
      throw new NotChecked('BOOT_NOT_LISTED', 'the daemon does not say where this epoch was opened', {
        facts: { epoch: `${epoch}` },
      })
    after = next
  }
}

/** The attestation document in the calldata of an `open`; undefined where it is in another call, as of a relaying contract. */
export function attestationIn(calldata: Hex): Uint8Array | undefined {
  const selector = selectorOf('open((uint64,bytes32,uint64,bytes32,bytes32,uint64,bytes32,bytes),bytes32,bytes32)')
  if (!calldata.startsWith(selector)) return undefined
  const bytes = toBytes(calldata).subarray(4)
  const number = (at: number): number =>
    Number(BigInt(`0x${[...bytes.subarray(at, at + 32)].map(twoDigits).join('') || '0'}`))
  const struct = number(0)
  const tail = struct + number(struct + 7 * 32)
  const length = number(tail)
  return tail + 32 + length <= bytes.length ? bytes.subarray(tail + 32, tail + 32 + length) : undefined
}

const twoDigits = (byte: number): string => byte.toString(16).padStart(2, '0')
