import { encodeFunctionData } from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { encodeClaim } from '../../../client/claim.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'

const hash = (n: number): Hex => `0x${`${n}`.padStart(64, '0')}`

test('encodeClaim: the calldata that viem makes of the ABI', () => {
  const commitment = { accountsRoot: hash(1), logRoot: hash(2), logSize: 3n, totalEarned: 4n, configHash: hash(5) }
  const anchor = { counter: 6n, totalPaidWei: 7n, committedAt: 8n }
  const to: Hex = `0x${'09'.repeat(20)}`
  for (const proof of [[], [hash(10)], [hash(11), hash(12), hash(13)]]) {
    const anchored = { counter: 6n, root: rootOf(commitment), totalPaid: 7n, time: 8n }
    expect(encodeClaim({ anchor, commitment, earnedWei: 14n, proof, to })).toBe(
      encodeFunctionData({
        abi: treasuryAbi,
        functionName: 'claim',
        args: [anchored, commitment, 14n, proof, to],
      }),
    )
  }
})
