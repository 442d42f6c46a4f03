/** What is refused before anything is deployed: the constructor cannot know that it is a mistake, or would only cost gas to say so. */
import type { PublicClient } from 'viem'
import { Fault } from '../../cli/fault.ts'
import type { DeploymentOrder } from '../../client/checks/deployment.ts'
import { type Hex, zeroAddress } from '../../ledger/hex.ts'

const day = 86_400n
/** Ethereum and Arbitrum One: where money is real. */
const mainnets: ReadonlySet<bigint> = new Set([1n, 42_161n])

/** @throws Fault naming the first mistake */
export async function refuseMistakes(chain: PublicClient, { chainId, terms }: DeploymentOrder, isSure: boolean) {
  const served = BigInt(await chain.getChainId())
  if (served !== chainId)
    throw mistake('WRONG_CHAIN', `the node serves chain ${served}, the terms are for ${chainId}`, 'name the right node')
  for (const name of ['broker', 'roundsManager'] as const)
    if (!(await hasCode(chain, terms[name])))
      throw mistake(
        'NO_CODE',
        `there is no code at ${terms[name]}, the ${name}`,
        'mend the terms: it is another address',
      )
  // Without an operator nobody ever owns the treasury; without a guardian nobody can stop a thief.
  for (const name of ['committer', 'operator', 'guardian'] as const)
    if (terms[name] === zeroAddress) throw mistake('NOBODY', `${name} is nobody`, 'mend the terms')
  refuseOutOfBounds(terms)
  if (mainnets.has(chainId) && !isSure && !(await hasCode(chain, terms.operator)))
    throw mistake(
      'OPERATOR_IS_NO_CONTRACT',
      `one key, ${terms.operator}, would be the operator of real money`,
      'name a multisig that is there, or say --yes',
    )
}

/** Code of its own: what an account only delegates to (EIP-7702) is still one key's. */
export async function hasCode(chain: PublicClient, address: Hex): Promise<boolean> {
  const code = await chain.getCode({ address })
  return code !== undefined && !code.startsWith('0xef0100')
}

function refuseOutOfBounds({ delay, haltMax, silence, window, cap, capFloor }: DeploymentOrder['terms']): void {
  const bounds = {
    delay: [delay, day, 30n * day],
    silence: [silence, 7n * day, 180n * day],
    // An admission must fit into a halt, and a halt into silence.
    haltMax: [haltMax, 2n * delay, silence - 1n],
    window: [window, 1n, 30n * day],
    capFloor: [capFloor, 1n, cap],
  } as const
  for (const [name, [got, least, most]] of Object.entries(bounds))
    if (got < least || got > most)
      throw mistake('OUT_OF_BOUNDS', `${name} is ${got}, not between ${least} and ${most}`, 'mend the terms')
}

const mistake = (code: string, message: string, next: string): Fault => new Fault(code, message, { next, exitCode: 2 })
