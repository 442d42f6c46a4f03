/** The chain as the settings name it: servers, contract, what it is wired to, and how long it lasts. */
import { createPublicClient, http, isAddressEqual, type PublicClient } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { ether } from '../../client/ether.ts'
import type { LaneAndHost } from '../../daemon/config.ts'
import { gasWeiLow, silenceSecondsLow } from '../../daemon/services/concerns.ts'
import type { Hex } from '../../ledger/hex.ts'
import { type Finding, fail, found, ok, warn } from './finding.ts'

const timeoutMs = 5_000
const skewSecondsMax = 60

type ChainSettings = Pick<LaneAndHost, 'rpcUrls' | 'rules' | 'roundsManager'>

/** All that can be said without the core. */
export async function checkChain(config: ChainSettings): Promise<Finding[]> {
  const servers = config.rpcUrls.map((url, i) => ({ name: `rpc ${i + 1}`, client: clientOf(url) }))
  const answers = await Promise.all(servers.map(({ name, client }) => checkServer(config, name, client)))
  const good = servers.find((_, i) => answers[i]?.verdict !== 'fail')
  if (!good) return answers
  const { client } = good
  return [
    ...answers,
    await found('clock', 'set up NTP on this machine', () => checkClock(client)),
    ...(await checkContract(config, client)),
  ]
}

const clientOf = (url: string): PublicClient =>
  createPublicClient({ transport: http(url, { retryCount: 0, timeout: timeoutMs }), cacheTime: 0 })

const checkServer = ({ rules }: ChainSettings, name: string, client: PublicClient): Promise<Finding> =>
  found(name, 'mend or replace this one of rpcUrls', async () => {
    const startedAt = performance.now()
    const [chainId, block] = await Promise.all([client.getChainId(), client.getBlockNumber()])
    const { chainId: wanted } = rules.configuration
    if (BigInt(chainId) !== wanted)
      return fail(name, `it is on chain ${chainId}, the ledger on ${wanted}`, 'name a server of the right chain')
    return ok(name, `chain ${chainId}, block ${block}, ${Math.round(performance.now() - startedAt)} ms`)
  })

async function checkClock(client: PublicClient): Promise<Finding> {
  const { timestamp } = await client.getBlock()
  return judgeClock(Math.round(Date.now() / 1000) - Number(timestamp))
}

/** By how many seconds this machine is ahead of the newest block. */
export function judgeClock(seconds: number): Finding {
  const said = `${seconds} s from the newest block`
  if (Math.abs(seconds) <= skewSecondsMax) return ok('clock', said)
  return warn('clock', said, 'if other machines see newer blocks, replace the RPC server; otherwise set up NTP here')
}

async function checkContract(config: ChainSettings, client: PublicClient): Promise<Finding[]> {
  const { verifyingContract: address, broker } = config.rules.configuration
  const contract = { address, abi: treasuryAbi } as const
  if (!(await client.getCode({ address })))
    return [
      fail('contract', `there is no code at ${address}`, 'deploy it (npm run deploy), or mend verifying_contract'),
    ]
  const wired = (name: string, functionName: 'broker' | 'roundsManager', wanted: Hex | null): Promise<Finding> =>
    found(name, 'is this the contract of this deployment?', async () => {
      const is = await client.readContract({ ...contract, functionName })
      if (wanted && !isAddressEqual(is, wanted))
        return fail(name, `the contract names ${is}, the settings ${wanted}`, 'mend the settings')
      const code = await client.getCode({ address: is })
      return code
        ? ok(name, is)
        : fail(name, `there is no code at ${is}`, 'no ticket can be paid: deploy with the right broker')
    })
  const findings = await Promise.all([
    found('head', 'is this the contract of this deployment?', async () => {
      const head = await client.readContract({ ...contract, functionName: 'head' })
      if (head.configHash !== config.rules.hash)
        return fail(
          'head',
          `the contract follows configuration ${head.configHash}, yours is ${config.rules.hash}`,
          'sign a change, or take the file in force',
        )
      return ok('head', `epoch ${head.epoch}, commit ${head.counter}`)
    }),
    wired('broker', 'broker', broker),
    wired('rounds', 'roundsManager', config.roundsManager),
    found('gas account', 'ask the chain again', () => checkGas(client, address)),
    found('treasury', 'ask the chain again', async () => {
      const [balance, room] = await Promise.all([
        client.getBalance({ address }),
        client.readContract({ ...contract, functionName: 'room' }),
      ])
      const said = `${ether(balance)} ETH, the window lets ${ether(room)} go`
      return balance > 0n
        ? ok('treasury', said)
        : warn('treasury', said, 'send ETH to the contract, once it has anchored')
    }),
    found('silence', 'ask the chain again', () => checkSilence(client, address)),
  ])
  return [ok('contract', address), ...findings]
}

async function checkGas(client: PublicClient, address: Hex): Promise<Finding> {
  const { committer } = await client.readContract({ address, abi: treasuryAbi, functionName: 'head' })
  const balance = await client.getBalance({ address: committer })
  const said = `${ether(balance)} ETH at ${committer}`
  return balance >= gasWeiLow ? ok('gas account', said) : warn('gas account', said, `send ETH to ${committer}`)
}

async function checkSilence(client: PublicClient, address: Hex): Promise<Finding> {
  const contract = { address, abi: treasuryAbi } as const
  const [head, silentAt, frozen] = await Promise.all([
    client.readContract({ ...contract, functionName: 'head' }),
    client.readContract({ ...contract, functionName: 'silentAt' }),
    client.readContract({ ...contract, functionName: 'frozen' }),
  ])
  if (frozen)
    return fail('silence', 'the contract is frozen', 'this ledger has ended: payees take what is theirs with `exit`')
  if (head.counter === 0n) return ok('silence', 'begins with the first commit')
  return judgeSilence(Number(silentAt) - Math.floor(Date.now() / 1000))
}

export function judgeSilence(secondsLeft: number): Finding {
  const said = `${Math.floor(secondsLeft / 86_400)} days until anyone may freeze`
  return secondsLeft > silenceSecondsLow
    ? ok('silence', said)
    : fail('silence', said, 'commit at once: see BursarSilent in docs/OPERATING.md')
}
