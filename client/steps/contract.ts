/** The chain, the contract on it, and the head that it holds: all that comes after rests on these. */
import type { Hex } from '../../ledger/hex.ts'
import { isCodeOf } from '../chain/code.ts'
import type { Rpc } from '../chain/rpc.ts'
import { createTreasury } from '../chain/treasury.ts'
import type { Finding } from '../checks/check.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, need, type VerifyOptions } from './known.ts'
import { judgeLag } from './lag.ts'

export async function checkChain({ client, rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const status = await client.status()
  const chainId = trust.chainId ?? status.chainId
  if (status.chainId !== chainId)
    throw new ProvedLie('OTHER_CHAIN', 'the daemon works for another chain than the one you trust', {
      trusted: `${chainId}`,
      claimed: `${status.chainId}`,
    })
  const served = await rpc.chainId()
  if (served !== chainId)
    throw new NotChecked('NODE_OF_OTHER_CHAIN', 'your node serves another chain', {
      facts: { expected: `${chainId}`, got: `${served}` },
    })
  known.status = status
  return { said: `chain ${chainId}`, facts: { chain: `${chainId}` } }
}

export async function checkContract({ rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const { verifyingContract, chainId } = need(known, 'status')
  const address = trust.contract ?? verifyingContract
  if (address !== verifyingContract)
    throw new ProvedLie('OTHER_CONTRACT', 'the daemon works for another contract than the one you trust', {
      trusted: address,
      claimed: verifyingContract,
    })
  const treasury = createTreasury({ rpc, address })
  await checkCode(rpc, 'Treasury', address)
  const owner = await treasury.get('owner')
  await checkCode(rpc, 'Timelock', owner)
  if (await treasury.get('frozen')) throw new ProvedLie('FROZEN', 'the contract is frozen for good: exit', { address })
  known.domain = { chainId, verifyingContract: address }
  known.treasury = treasury
  const [guardian, silence] = [await treasury.get('guardian'), await treasury.get('silence')]
  const who = trust.contract
    ? 'the contract that you trust'
    : 'the contract that the daemon names: nobody vouches for it'
  return {
    said: `${address} has the code of this version, and is ${who}`,
    facts: { address, owner, guardian, silence_s: `${silence}` },
  }
}

async function checkCode(rpc: Rpc, name: 'Treasury' | 'Timelock', address: Hex): Promise<void> {
  const code = await rpc.code(address)
  if (code === '0x') throw new ProvedLie('NO_CONTRACT', `there is no ${name} at this address`, { address })
  if (!isCodeOf(name, code))
    throw new ProvedLie('WRONG_CODE', `what stands at this address is not the ${name} of this version`, { address })
}

export async function checkHead({ client, rpc, lagSeconds }: VerifyOptions, known: Known): Promise<Finding> {
  const treasury = need(known, 'treasury')
  const status = await client.status()
  const { head: claimed } = status
  known.status = status
  const head = await treasury.head()
  known.head = head
  const facts = { counter: `${head.counter}`, root: head.root, epoch: `${head.epoch}` }
  if (!claimed)
    throw new NotChecked('HEAD_NOT_KNOWN', 'the daemon has not read the head of the contract yet', { facts })
  if (claimed.counter > head.counter)
    throw new NotChecked('NODE_BEHIND', 'the daemon knows a newer head than your node', { facts })
  if (claimed.counter === head.counter && claimed.root !== head.root)
    throw new ProvedLie('WRONG_ROOT', 'the daemon shows another root than the contract holds', {
      ...facts,
      claimed: claimed.root,
    })
  if (claimed.counter < head.counter) await judgeLag(rpc, head, claimed.counter, lagSeconds)
  return { said: `root ${head.root}, commit ${head.counter}, epoch ${head.epoch}`, facts }
}
