/** Livepeer's contracts on the chain at hand: those that are there, or the stand-in of `contracts/dev`. */
import { type Address, keccak256, parseAbi, toBytes, zeroAddress } from 'viem'
import { loadArtifact } from '../contracts/script/artifacts.ts'
import { deploy, type Wallet, write } from './wallet.ts'

/** The TicketBroker on Arbitrum One. */
export const brokerOnArbitrum: Address = '0xa8bb618b1520e284046f3dfc448851a1ff26e41b'

/** Blocks in a round of the stand-in: Livepeer's own number. */
const roundLength = 6377n
const stakeWei = 10n ** 21n
const feeShareMillionths = 300_000n

export interface Broker {
  readonly broker: Address
  readonly roundsManager: Address
  readonly bondingManager: Address
  /** The contract that can make orchestrators; none where the broker is the real one. */
  readonly standIn: Address | null
}

const managerAbi = parseAbi(['function controller() view returns (address)'])
const controllerAbi = parseAbi([
  'function getContract(bytes32 id) view returns (address)',
  'function owner() view returns (address)',
])
const poolAbi = parseAbi([
  'function getFirstTranscoderInPool() view returns (address)',
  'function getNextTranscoderInPool(address) view returns (address)',
  'function isActiveTranscoder(address) view returns (bool)',
])
const worldAbi = parseAbi([
  'function broker() view returns (address)',
  'function activate(address[] orchestrators, uint256 stake, uint256 feeShare)',
])
const roundsAbi = parseAbi(['function currentRoundInitialized() view returns (bool)', 'function initializeRound()'])

/** Uses the broker at `wanted` if the chain has code there, else deploys the stand-in. */
export async function findOrDeployBroker(wallet: Wallet, wanted: Address): Promise<Broker> {
  if ((await wallet.chain.getCode({ address: wanted })) !== undefined) return findBroker(wallet, wanted)
  const world = loadArtifact('BrokerWorld')
  const standIn = await deploy(wallet, world, [roundLength])
  return findBroker(
    wallet,
    await wallet.chain.readContract({ address: standIn, abi: worldAbi, functionName: 'broker' }),
  )
}

async function findBroker(wallet: Wallet, broker: Address): Promise<Broker> {
  const controller = await wallet.chain.readContract({ address: broker, abi: managerAbi, functionName: 'controller' })
  const contract = { address: controller, abi: controllerAbi } as const
  const named = async (name: string): Promise<Address> => {
    const id = keccak256(toBytes(name))
    return lower(await wallet.chain.readContract({ ...contract, functionName: 'getContract', args: [id] }))
  }
  const owner = await wallet.chain.readContract({ ...contract, functionName: 'owner' })
  return {
    broker: lower(broker),
    roundsManager: await named('RoundsManager'),
    bondingManager: await named('BondingManager'),
    standIn: (await isStandIn(wallet, owner, broker)) ? lower(owner) : null,
  }
}

/** The stand-in owns its Controller and knows its broker; on the real network the owner is a Governor, which does not. */
async function isStandIn(wallet: Wallet, owner: Address, broker: Address): Promise<boolean> {
  if ((await wallet.chain.getCode({ address: owner })) === undefined) return false
  try {
    return (
      lower(await wallet.chain.readContract({ address: owner, abi: worldAbi, functionName: 'broker' })) ===
      lower(broker)
    )
  } catch {
    return false // it has no such function: that is the answer
  }
}

/** Addresses that can be paid by ticket now: made to order by the stand-in, picked from the pool of the real one. */
export async function findOrchestrators(
  wallet: Wallet,
  { standIn, bondingManager }: Broker,
  fresh: readonly Address[],
): Promise<readonly Address[]> {
  if (!standIn) return pickOrchestrators(wallet, bondingManager, fresh.length)
  await write(wallet, {
    address: standIn,
    abi: worldAbi,
    functionName: 'activate',
    args: [fresh, stakeWei, feeShareMillionths],
  })
  return fresh
}

async function pickOrchestrators(wallet: Wallet, address: Address, count: number): Promise<readonly Address[]> {
  const pool = { address, abi: poolAbi } as const
  const found: Address[] = []
  let next = await wallet.chain.readContract({ ...pool, functionName: 'getFirstTranscoderInPool' })
  while (next !== zeroAddress && found.length < count) {
    if (await wallet.chain.readContract({ ...pool, functionName: 'isActiveTranscoder', args: [next] }))
      found.push(lower(next))
    next = await wallet.chain.readContract({ ...pool, functionName: 'getNextTranscoderInPool', args: [next] })
  }
  if (found.length < count) throw new Error(`the broker's pool has only ${found.length} active orchestrators`)
  return found
}

/** Starts the current round if nobody has: until someone does, no ticket is redeemed. On the real network Livepeer's own nodes do it. */
export async function startRound(wallet: Wallet, { roundsManager }: Broker): Promise<void> {
  const rounds = { address: roundsManager, abi: roundsAbi } as const
  if (await wallet.chain.readContract({ ...rounds, functionName: 'currentRoundInitialized' })) return
  await write(wallet, { ...rounds, functionName: 'initializeRound', args: [] })
}

const lower = (address: Address): Address => address.toLowerCase() as Address
