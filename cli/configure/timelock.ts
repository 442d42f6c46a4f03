/** The timelock that owns a contract, as the contract itself names it. */
import { decodeWords, encodeCall } from '../../client/chain/abi.ts'
import { createRpc } from '../../client/chain/rpc.ts'
import { NotChecked } from '../../client/verdict.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Fault } from '../fault.ts'

export interface Timelock {
  readonly address: Hex
  /** The least delay that it takes. */
  readonly delaySeconds: bigint
}

/** @throws Fault `NO_TIMELOCK` where the node does not say */
export async function fetchTimelock(rpcUrl: string, contract: Hex): Promise<Timelock> {
  const rpc = createRpc({ url: rpcUrl })
  try {
    const { address } = decodeWords([['address', 'address']], await rpc.call(contract, encodeCall('owner()', [])))
    const { delaySeconds } = decodeWords(
      [['delaySeconds', 'uint']],
      await rpc.call(address, encodeCall('getMinDelay()', [])),
    )
    return { address, delaySeconds }
  } catch (cause) {
    if (!(cause instanceof NotChecked)) throw cause
    throw new Fault('NO_TIMELOCK', `the timelock of ${contract} is not known: ${cause.message}`, {
      next: 'name a node of the chain on which the contract is deployed: --rpc URL',
      exitCode: 75,
      cause,
    })
  }
}
