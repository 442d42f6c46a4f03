/** An account of ours on a development chain, and how it gets its money. */
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  type Hash,
  type HttpTransport,
  http,
  type LocalAccount,
  type PublicClient,
  parseEther,
  type TransactionReceipt,
  type WalletClient,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import type { Artifact } from '../contracts/script/artifacts.ts'

/** What every development chain gives money to. Known to everyone: never for anything else. */
const developmentPhrase = 'test test test test test test test test test test test junk'
const pollingInterval = 50

export interface Wallet {
  readonly account: LocalAccount
  readonly chain: PublicClient
  readonly signer: WalletClient<HttpTransport, undefined, LocalAccount>
}

function createWallet(rpcUrl: string, account: LocalAccount): Wallet {
  const transport = http(rpcUrl)
  return {
    account,
    chain: createPublicClient({ transport, pollingInterval, cacheTime: 0 }),
    signer: createWalletClient({ account, transport }),
  }
}

/** A new account with so much money from the first account of a development chain. @throws Error where that has too little */
export async function createFundedWallet(rpcUrl: string, ether: string): Promise<Wallet> {
  const rich = createWallet(rpcUrl, mnemonicToAccount(developmentPhrase))
  const wallet = createWallet(rpcUrl, privateKeyToAccount(generatePrivateKey()))
  const value = parseEther(ether)
  if ((await rich.chain.getBalance({ address: rich.account.address })) <= value)
    throw new Error(
      `${rich.account.address} has less than ${ether} ETH here: this needs a development chain such as anvil`,
    )
  await send(rich, wallet.account.address, value)
  return wallet
}

/** Sends money and waits until it is there. */
export const send = async (wallet: Wallet, to: Address, value: bigint): Promise<TransactionReceipt> =>
  mined(wallet, await wallet.signer.sendTransaction({ chain: null, to, value }))

/** Deploys a contract. @returns its address in lower case */
export async function deploy(wallet: Wallet, { abi, bytecode }: Artifact, args: readonly unknown[]): Promise<Address> {
  const receipt = await mined(wallet, await wallet.signer.deployContract({ chain: null, abi, bytecode, args }))
  return (receipt.contractAddress as Address).toLowerCase() as Address
}

export interface Call {
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
  readonly value?: bigint
  readonly gas?: bigint
}

/** Calls a contract in a transaction. @throws Error where it reverts */
export const write = async (wallet: Wallet, call: Call): Promise<TransactionReceipt> =>
  mined(wallet, await wallet.signer.writeContract({ chain: null, ...call }))

async function mined(wallet: Wallet, hash: Hash): Promise<TransactionReceipt> {
  const receipt = await wallet.chain.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`transaction ${hash} reverted`)
  return receipt
}
