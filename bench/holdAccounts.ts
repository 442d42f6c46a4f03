/** Says as JSON what 1,000,000 accounts of a core take, their tree with them: `node --expose-gc bench/holdAccounts.ts`. */
import { openCore } from './core.ts'
import { makeConfiguration, payeeOf } from './ledger.ts'
import { residentBytesOf } from './measure.ts'

const [accounts, perRoot] = [1_000_000, 10_000]

const core = openCore(makeConfiguration({}), 0)
const { ledger } = core.live ?? {}
if (!ledger) throw new Error('a core without a ledger')
const before = held()
for (let n = 0; n < accounts; n++) {
  ledger.accounts.setBalance(payeeOf(n), { earnedWei: 10n ** 15n + BigInt(n), debtWei: 0n })
  // As it grows in life: anchored now and then.
  if (n % perRoot === 0) ledger.accounts.tree.root()
}
ledger.accounts.tree.root()
const bytesEach = (held() - before) / accounts
console.log(JSON.stringify({ bytesEach, resident: residentBytesOf(process.pid) }))
if (ledger.accounts.size !== accounts) throw new Error('accounts were lost')

/** Bytes that are still in use. */
function held(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
