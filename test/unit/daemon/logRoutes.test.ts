/** What anyone needs to compute the ledger again, as the daemon serves it. */
import { expect, test, vi } from 'vitest'
import { treeOfLeaves } from '../../../client/accountProof.ts'
import { ApiError } from '../../../client/apiError.ts'
import { verifyReceipt } from '../../../client/receipt.ts'
import { verifyConsistency, verifyInclusion } from '../../../client/verify.ts'
import { accountLeaf } from '../../../ledger/accountsTree.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { toBytes, toHex } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'
import { domain, payeeOf } from '../ledger/support.ts'
import { createWorld, creditBatch, type TestDaemon, waiting } from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }
const batches = [0, 1, 2, 3, 4].map((n) => creditBatch(BigInt(n), BigInt(n + 1), payeeOf(n % 3)))

async function sendAll(daemon: TestDaemon): Promise<void> {
  for (const batch of batches) await daemon.client.sendBatch(batch)
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof ApiError ? { code: error.code, ...error.facts } : error),
  )

test('behavior: entries are the exact bytes that the core hashed, in ranges', async () => {
  const world = createWorld()
  const { client, url } = await world.startOpen(slow)
  await sendAll({ client } as TestDaemon)
  const all = await client.entries(0, 100)
  expect(all.map(toHex)).toEqual(
    [entryLeaf({ configuration: world.config.rules.configuration, signatures: [] }), ...batches.map(entryLeaf)].map(
      toHex,
    ),
  )
  expect((await client.entries(4, 100)).map(toHex)).toEqual(all.slice(4).map(toHex))
  expect((await client.entries(1, 2)).map(toHex)).toEqual(all.slice(1, 3).map(toHex))
  expect(await client.entries(6, 1)).toEqual([])
  expect(await code(client.entries(7, 1))).toEqual({ code: 'BAD_PARAMS', path: 'from', expected: '0 to 6' })

  // Only what can never change may be kept: the end of the log moves.
  const cache = async (query: string) => (await fetch(`${url}/api/log/entries?${query}`)).headers.get('cache-control')
  expect(await cache('from=0&limit=6')).toContain('immutable')
  expect(await cache('from=0&limit=7')).toBe('no-cache')
})

test('behavior: head, inclusion and consistency fit together under the signature of the core', async () => {
  const { client } = await createWorld().startOpen(slow)
  await sendAll({ client } as TestDaemon)
  const { size, root, signed } = await client.log()
  expect(size).toBe(6)
  expect(signed).toMatchObject({ size: 6n, root })
  const { core } = await client.status()
  const { leafHash: leaf, path } = await client.inclusion(3, 6)
  expect(leaf).toBe(toHex(leafHash(entryLeaf(batches[2] as (typeof batches)[0]))))
  expect(verifyInclusion({ leaf: toBytes(leaf), index: 3, size, path }, root)).toBe(true)
  if (!signed || !core?.address) throw new Error('no head is signed')
  expect(verifyReceipt(domain, core.address, { head: signed, position: 3, path }, toBytes(leaf))).toBe(true)
  const { leafHash: last, path: olderPath } = await client.inclusion(2, 3)
  expect(olderPath).toHaveLength(1)
  const older = { size: 1, root: toHex(leafHash((await client.entries(0, 1))[0] as Uint8Array)) }
  expect(verifyConsistency(older, { size, root }, await client.consistency(1, 6))).toBe(true)
  expect(toBytes(last)).toHaveLength(32)
  expect(await code(client.consistency(4, 3))).toMatchObject({ code: 'BAD_PARAMS', path: 'from' })
  expect(await code(client.inclusion(6, 6))).toMatchObject({ code: 'BAD_PARAMS', path: 'position' })
})

test('behavior: anchors, boots and the accounts behind each anchored root', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  await sendAll(daemon)
  const { client } = daemon
  const anchors = await vi.waitFor(async () => {
    const answer = await client.anchors()
    if (answer.anchors.at(-1)?.commitment.logSize !== 6n) throw new Error('not anchored yet')
    return answer.anchors
  }, waiting)
  expect(anchors.map(({ counter }) => counter)).toEqual(anchors.map((_, i) => BigInt(i + 1)))
  for (const { root, commitment, counter } of anchors) {
    expect(root).toBe(rootOf(commitment))
    const { accounts, total } = await client.anchorAccounts(counter)
    const tree = treeOfLeaves(accounts.map(({ payee, earnedWei }) => accountLeaf(payee, earnedWei)))
    expect({ root: tree.root(), total }).toEqual({ root: commitment.accountsRoot, total: accounts.length })
  }
  const [first] = anchors
  expect((await client.anchors({ limit: 1 })).anchors).toEqual([first])
  const { next } = await client.anchors({ limit: 1 })
  expect((await client.anchors({ after: next as string, limit: 1 })).anchors[0]?.counter).toBe(2n)
  const last = anchors.at(-1)?.counter as bigint
  expect(await client.anchors({ last: 2 })).toMatchObject({
    anchors: [{ at: expect.any(BigInt) }, { at: expect.any(BigInt) }],
    next: null,
  })
  expect((await client.anchors({ last: 2 })).anchors.at(-1)?.counter).toBeGreaterThanOrEqual(last)
  expect(await code(client.anchors({ last: 0 }))).toMatchObject({ code: 'BAD_PARAMS', path: 'last' })
  expect((await client.anchorAccounts(last, { from: 1, limit: 1 })).accounts.map((a) => a.payee)).toEqual([payeeOf(1)])
  expect(await code(client.anchorAccounts(10n ** 6n))).toEqual({ code: 'NOT_FOUND', counter: '1000000' })

  const { boots } = await client.boots()
  expect((await client.boots({ last: 5 })).boots).toEqual(boots)
  const { head, nextPayoutAt } = await client.status()
  expect(Number(nextPayoutAt)).toBeGreaterThan(Date.now() / 1000 - 3_600)
  expect(
    await vi.waitFor(
      () => client.ledgerHead().then((l) => l.treasuryWei ?? Promise.reject(new Error('not asked yet'))),
      waiting,
    ),
  ).toBeGreaterThan(0n)
  expect(boots).toMatchObject([{ epoch: 1n, boot: head?.boot, logSize: 1n }])
  expect(boots[0]?.attestation?.length).toBeGreaterThan(1_000)
  const { configurations } = await client.configurations()
  expect(configurations).toMatchObject([{ position: 0, hash: world.config.rules.hash, entry: { signatures: [] } }])
})
