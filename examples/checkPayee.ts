/**
 * Checks what a payee is owed without believing the daemon: the contract says which root it holds and what it paid, the
 * daemon must prove the balance against that root. `node examples/checkPayee.ts DAEMON RPC PAYEE`
 */
import { createPublicClient, formatEther, http } from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { createClient, parseAddress, verifyAccount } from '../client/index.ts'

const [url, rpcUrl, payeeText] = process.argv.slice(2)
if (!url || !rpcUrl || !/^0x[0-9a-fA-F]{40}$/.test(payeeText ?? ''))
  fail('usage: node examples/checkPayee.ts DAEMON_URL RPC_URL PAYEE_ADDRESS')
const payee = parseAddress(payeeText as string)
const daemon = createClient({ url })
const chain = createPublicClient({ transport: http(rpcUrl) })

// Which contract it is must come from someone you trust. Here the daemon says so, on a chain of this machine.
const { verifyingContract: address } = await daemon.status()
const contract = { address, abi: treasuryAbi } as const
const { anchored } = await daemon.account(payee)
const { root, counter } = await chain.readContract({ ...contract, functionName: 'head' })
const paidWei = await chain.readContract({ ...contract, functionName: 'paid', args: [payee] })

if (!anchored) fail('nothing of this payee is anchored yet')
if (anchored.counter !== counter) fail('a new root was anchored meanwhile: ask again')
if (!verifyAccount({ payee, ...anchored }, root))
  fail('THE DAEMON LIES: its proof does not lead to the root of the contract')
console.log(`root   ${root} (counter ${counter}), from the contract`)
console.log(`earned ${formatEther(anchored.earnedWei)} ETH, proved against that root`)
console.log(`paid   ${formatEther(paidWei)} ETH, from the contract`)
console.log(`owed   ${formatEther(anchored.earnedWei - paidWei)} ETH`)

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}
