/** What servers of the chain do to a daemon while it works, each for a while. */
import { type FaultyRpc, healthy } from '../chain/faultyRpc.ts'

type Faults = Partial<Pick<FaultyRpc, 'onCall' | 'onRequest'>>

const isSend = ({ method }: { readonly method: string }): boolean => method === 'eth_sendRawTransaction'

/** By name; each begins anew with every turn. */
export const rpcFaults: Readonly<Record<string, () => Faults>> = {
  'connections are reset': () => {
    let count = 0
    return { onRequest: () => (['cut', 'pass', 'cut_after'] as const)[count++ % 3] ?? 'pass' }
  },
  'answers are nonsense': () => ({ onRequest: () => 'nonsense' }),
  'it is another chain': () => ({ onCall: ({ method }) => (method === 'eth_chainId' ? { result: '0x1' } : undefined) }),
  'logs and receipts are kept back': () => ({
    onCall: ({ method }) =>
      method === 'eth_getLogs' ? { result: [] } : method === 'eth_getTransactionReceipt' ? { result: null } : undefined,
  }),
  'transactions are taken without a word': () => ({
    onRequest: (calls) => (calls.some(isSend) ? 'hold_after' : 'pass'),
  }),
  'transactions are taken and forgotten': () => ({
    onCall: (call) => (isSend(call) ? { result: `0x${'0'.repeat(64)}` } : undefined),
  }),
  'nonces are wrong': () => ({
    onCall: ({ method }) => (method === 'eth_getTransactionCount' ? { result: '0x0' } : undefined),
  }),
}

/** From now on. */
export const setFaults = (rpc: FaultyRpc, faults: Faults): void => void Object.assign(rpc, healthy(), faults)

/** All is well, and whoever waits hears that nothing comes. */
export function heal(rpc: FaultyRpc): void {
  Object.assign(rpc, healthy())
  rpc.hangUp()
}
