/** The accounts that carry what the core signed: its own, and one of the operator's. Who carries is no part of safety. */
import { bytesToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Hex } from '../../ledger/hex.ts'
import type { TransactionHints } from '../../protocol/messages.ts'
import type { Core } from '../enclaveClient.ts'
import { decodeCall } from './calls.ts'

export interface Carrier {
  readonly address: Hex
  /** A raw transaction around calldata that bears the core's signature. @throws what the core throws */
  sign(calldata: Hex, hints: TransactionHints): Promise<Hex>
}

/** The core's own account. */
export const createCoreCarrier = (core: Core, address: Hex): Carrier => ({
  address,
  async sign(calldata, hints) {
    const call = decodeCall(calldata)
    if (!call) throw new Error('the core signs transactions around open and commit alone')
    return (await core.request('sign_transaction', { ...call, hints })).transaction
  },
})

export interface RelayerOptions {
  /** 32 bytes. */
  readonly secretKey: Uint8Array
  readonly chainId: bigint
  readonly treasury: Hex
}

/** An account of the operator's: it pays gas where the core's cannot, and can do nothing else. */
export function createRelayer({ secretKey, chainId, treasury }: RelayerOptions): Carrier {
  const account = privateKeyToAccount(bytesToHex(secretKey))
  return {
    address: account.address.toLowerCase() as Hex,
    sign: (data, { nonce, ...hints }) =>
      account.signTransaction({
        type: 'eip1559',
        chainId: Number(chainId),
        to: treasury,
        data,
        nonce: Number(nonce),
        ...hints,
      }),
  }
}
