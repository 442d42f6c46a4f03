/** P6: the accounts root after many accounts changed, beside the bare hashing that it needs. */
import { Accounts } from '../ledger/accounts.ts'
import { keccak256 } from '../primitives/native.ts'
import { payeeOf } from './ledger.ts'
import { type Bench, cpuSeconds, inPairs, show } from './measure.ts'

const [accounts, changed] = [1_000_000, 10_000]
const stride = accounts / changed
const least = 0.5

export const accountsRoot: Bench = {
  name: 'root',
  async run(say) {
    say(`a tree of ${accounts} accounts`)
    const held = new Accounts()
    for (let n = 0; n < accounts; n++) held.setBalance(payeeOf(n), { earnedWei: 1n, debtWei: 0n })
    held.tree.root()
    let earnedWei = 1n
    const pair = new Uint8Array(64)
    const { ours, theirs, ratio } = await inPairs(
      5,
      () => {
        earnedWei++
        for (let n = 0; n < accounts; n += stride) held.setBalance(payeeOf(n), { earnedWei, debtWei: 0n })
        return cpuSeconds(() => held.tree.root())
      },
      () =>
        cpuSeconds(() => {
          for (let i = hashesNeeded(); i > 0; i--) keccak256(pair)
        }),
    )
    return [
      {
        id: 'P6',
        what: `root after ${show(changed)} of ${show(accounts)} accounts changed, beside ${show(hashesNeeded())} bare hashes`,
        goal: `at least ${least}`,
        measured: `${show(1 / ratio)} (${show(ours * 1000)} ms against ${show(theirs * 1000)} ms of CPU)`,
        isReached: 1 / ratio >= least,
      },
    ]
  },
}

/** Two for each leaf, and one for each node above that has two children. */
function hashesNeeded(): number {
  let places = new Set(Array.from({ length: changed }, (_, i) => i * stride))
  let hashes = 2 * places.size
  for (let count = accounts; count > 1; count = (count + 1) >> 1) {
    const odd = count % 2 === 1 ? (count - 1) >> 1 : -1
    places = new Set([...places].map((place) => place >> 1))
    hashes += [...places].filter((place) => place !== odd).length
  }
  return hashes
}
