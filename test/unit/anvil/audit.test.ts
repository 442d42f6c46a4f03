import { expect, test } from 'vitest'
import { type Evidence, findDiscrepancies } from '../../../anvil/audit.ts'
import type { Anchor, ChainBooks } from '../../../anvil/chainBooks.ts'
import { accountProof, treeOfLeaves } from '../../../client/accountProof.ts'
import { accountLeaf } from '../../../ledger/accountsTree.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'

const orchestrator: Hex = `0x${'01'.repeat(20)}`
const node: Hex = `0x${'02'.repeat(20)}`
const someHash: Hex = `0x${'ab'.repeat(32)}`
const earned = new Map([
  [orchestrator, 70n],
  [node, 30n],
])

const tree = treeOfLeaves([...earned].map(([payee, wei]) => accountLeaf(payee, wei)))
const commitmentOf = (totalEarned: bigint, accountsRoot: Hex) => ({
  accountsRoot,
  logRoot: someHash,
  logSize: 2n,
  totalEarned,
  configHash: someHash,
})
const first = commitmentOf(50n, someHash)
const last = commitmentOf(100n, tree.root())
const anchor = (counter: bigint, prevRoot: Hex, commitment: Anchor['commitment']): Anchor => ({
  counter,
  prevRoot,
  commitment,
  transactionHash: someHash,
  blockNumber: 1n,
})
const payment = (payee: Hex, amountWei: bigint, isTicket: boolean) => ({
  payee,
  counter: 2n,
  amountWei,
  isTicket,
  transactionHash: someHash,
})

const chain: ChainBooks = {
  root: rootOf(last),
  anchors: [anchor(1n, zeroHash, first), anchor(2n, rootOf(first), last)],
  payments: [payment(orchestrator, 20n, true), payment(orchestrator, 50n, true), payment(node, 30n, false)],
  failures: 0,
  totalPaidWei: 100n,
  paid: earned,
  credited: new Map([[orchestrator, 70n]]),
  balances: new Map([[node, 30n]]),
  depositWei: 0n,
}
const accountOf = (payee: Hex, index: number) => {
  const earnedWei = earned.get(payee) ?? 0n
  return { earnedWei, anchored: { payee, earnedWei, commitment: last, proof: accountProof(tree, index) } }
}
const good: Evidence = {
  payees: [
    { name: 'orch-1', address: orchestrator, isOrchestrator: true },
    { name: 'node-1', address: node, isOrchestrator: false },
  ],
  expected: earned,
  accounts: new Map([
    [orchestrator, accountOf(orchestrator, 0)],
    [node, accountOf(node, 1)],
  ]),
  chain,
}
const withChain = (change: Partial<ChainBooks>): Evidence => ({ ...good, chain: { ...chain, ...change } })
const offByOne = (books: ReadonlyMap<Hex, bigint>, payee: Hex): Map<Hex, bigint> =>
  new Map(books).set(payee, (books.get(payee) ?? 0n) + 1n)

test('default: books that agree', () => {
  expect(findDiscrepancies(good)).toEqual([])
})

const faulty: [string, Evidence][] = [
  ['usage was worth more', { ...good, expected: offByOne(earned, node) }],
  [
    'the ledger says more',
    { ...good, accounts: new Map(good.accounts).set(node, { ...accountOf(node, 1), earnedWei: 31n }) },
  ],
  ['no proof', { ...good, accounts: new Map(good.accounts).set(node, { earnedWei: 30n, anchored: null }) }],
  [
    'a proof of another place',
    {
      ...good,
      accounts: new Map(good.accounts).set(node, {
        earnedWei: 30n,
        anchored: { ...accountOf(node, 1).anchored, proof: accountProof(tree, 1).slice(1) },
      }),
    },
  ],
  ['a register is off', withChain({ paid: offByOne(earned, orchestrator) })],
  ['an event is missing', withChain({ payments: chain.payments.slice(1) })],
  ['an event is twice', withChain({ payments: [...chain.payments, payment(node, 30n, false)] })],
  ['the broker credited more', withChain({ credited: offByOne(chain.credited, orchestrator) })],
  ['the broker credited someone paid directly', withChain({ credited: offByOne(chain.credited, node) })],
  ['an account got more', withChain({ balances: offByOne(chain.balances, node) })],
  ['the total is off', withChain({ totalPaidWei: 101n })],
  ['a deposit stayed', withChain({ depositWei: 1n })],
  ['a payment failed', withChain({ failures: 1 })],
  ['an anchor is missing', withChain({ anchors: chain.anchors.slice(1) })],
  [
    'an anchor follows another root',
    withChain({ anchors: [anchor(1n, zeroHash, last), anchor(2n, rootOf(first), last)] }),
  ],
  ['the head is another root', withChain({ root: someHash })],
]
test.each(faulty)('error: %s', (_, evidence) => {
  expect(findDiscrepancies(evidence)).not.toEqual([])
})
