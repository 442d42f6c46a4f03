/** Where a contract began, without being told. */
import type { Hex } from '../../ledger/hex.ts'
import { NotChecked } from '../verdict.ts'
import type { Rpc } from './rpc.ts'

/** The first block with code at this address, by bisection; needs a node that knows old states. @throws NotChecked `OLD_STATES_NEEDED` */
export async function findDeployment(rpc: Pick<Rpc, 'code'>, address: Hex, newest: bigint): Promise<bigint> {
  let [without, having] = [-1n, newest]
  while (having - without > 1n) {
    const middle = (without + having) / 2n
    const code = await rpc.code(address, middle).catch((cause: unknown) => {
      throw new NotChecked('OLD_STATES_NEEDED', 'the node does not know old states: say from which block to read', {
        cause,
      })
    })
    if (code === '0x') without = middle
    else having = middle
  }
  return having
}
