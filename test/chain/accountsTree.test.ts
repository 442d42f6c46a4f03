import { createPublicClient, http, type PublicClient } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { createFundedWallet, deploy } from '../../anvil/wallet.ts'
import { accountProof, treeOfLeaves } from '../../client/accountProof.ts'
import { loadArtifact } from '../../contracts/script/artifacts.ts'
import { type AccountsTree, accountLeaf } from '../../ledger/accountsTree.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import { useChains } from './chains.ts'

const sizeMax = 40
const startChain = useChains()
let client: PublicClient
let address: Hex

beforeAll(async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  client = createPublicClient({ transport: http(rpcUrl, { batch: true }) })
  address = await deploy(await createFundedWallet(rpcUrl, '1'), loadArtifact('ProofChecker'), [])
})

const payeeOf = (index: number): Hex => `0x${(index + 1).toString(16).padStart(40, '0')}`
const earnedOf = (index: number): bigint => 10n ** BigInt(index % 28) + BigInt(index)

const treeOf = (size: number): AccountsTree =>
  treeOfLeaves(Array.from({ length: size }, (_, i) => accountLeaf(payeeOf(i), earnedOf(i))))

const isAccount = (root: Hex, payee: Hex, earned: bigint, proof: readonly Hex[]): Promise<unknown> =>
  client.readContract({
    address,
    abi: loadArtifact('ProofChecker').abi,
    functionName: 'isAccount',
    args: [root, payee, earned, proof],
  })

test("behavior: OpenZeppelin's verifier on the chain accepts every account of trees of 1 to 40", async () => {
  for (let size = 1; size <= sizeMax; size++) {
    const tree = treeOf(size)
    const indices = Array.from({ length: size }, (_, i) => i)
    const answers = await Promise.all(
      indices.map((i) => isAccount(tree.root(), payeeOf(i), earnedOf(i), accountProof(tree, i))),
    )
    expect(answers, `size ${size}`).toEqual(indices.map(() => true))
  }
})

test('error: another amount, another payee, a proof of another place, a node of zeros more', async () => {
  const tree = treeOf(7)
  const root = tree.root()
  expect(await isAccount(root, payeeOf(3), earnedOf(3), accountProof(tree, 3))).toBe(true)
  expect(await isAccount(root, payeeOf(3), earnedOf(3) + 1n, accountProof(tree, 3))).toBe(false)
  expect(await isAccount(root, payeeOf(2), earnedOf(3), accountProof(tree, 3))).toBe(false)
  expect(await isAccount(root, payeeOf(3), earnedOf(3), accountProof(tree, 4))).toBe(false)
  expect(await isAccount(root, payeeOf(3), earnedOf(3), [...accountProof(tree, 3), zeroHash])).toBe(false)
})
