/** `bursar evidence` of a receipt against a real chain: what was acknowledged, and what the chain then went on with. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openLogFile } from '../../cli/logFile.ts'
import { signBatch } from '../../client/batch.ts'
import type { SentBatch } from '../../client/entries.ts'
import { credit } from '../../client/events.ts'
import { LogTree } from '../../client/logTree.ts'
import { receiptFile } from '../../client/receiptFile.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import { type Entry, entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import { call } from '../unit/enclave/support.ts'
import { payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { apply, type CoreWorld, createCoreWorld, hints, proofOf, round } from './coreWorld.ts'

const startChain = useChains()
const folder = mkdtempSync(join(tmpdir(), 'bursar-evidence-'))
afterAll(() => rmSync(folder, { recursive: true }))

const batchOf = ({ domain }: CoreWorld, sequence: bigint, wei: bigint) =>
  signBatch({
    domain,
    secretKey: reporterKey,
    sequence,
    events: [credit({ id: 'a', payee: payeeOf(1), wei })],
  })

const treeOf = (entries: readonly Entry[]): LogTree => {
  const tree = new LogTree()
  for (const entry of entries) tree.append(leafHash(entryLeaf(entry)))
  return tree
}

/** Applies a batch to a log of these entries, and keeps its receipt as its reporter would. */
function acknowledge(core: Core, name: string, before: readonly Entry[], batch: SentBatch) {
  const { results, head, record } = apply(core, [batch])
  const [result] = results
  if (!head || result?.position == null) throw new Error('nothing was acknowledged')
  const path = join(folder, name)
  const inclusion = treeOf([...before, batch]).inclusionPath(result.position)
  const file = { batch, receipt: { head, position: result.position, path: inclusion } }
  writeFileSync(path, JSON.stringify(receiptFile.write(file)))
  return { path, record: record as Uint8Array }
}

function bursar(...args: readonly string[]) {
  const main = join(import.meta.dirname, '../../cli/main.ts')
  const { status, stdout } = spawnSync(process.execPath, [main, 'evidence', ...args, '--json'], { encoding: 'utf8' })
  return { status, ...JSON.parse(stdout) }
}

test('G10: a receipt whose entry a later epoch dropped, or whose boot never opened, is proved a lie by the chain', async () => {
  const world = await createCoreWorld(startChain, join(folder, 'core'))
  const { core, platform, rpcUrl } = world
  const againstChain = (receipt: string, ...more: readonly string[]) => bursar(receipt, '--rpc', rpcUrl, ...more)
  const begun: Entry[] = [{ configuration: world.first, signatures: [] }]
  const first = batchOf(world, 0n, 5n)
  const open = async (one: Core, nonce: bigint, made: Parameters<typeof proofOf>[1] = null) => {
    const consistency = made ? treeOf([...begun, first]).consistencyProof(Number(made.commit.next.logSize)) : []
    const head = { ...proofOf(await world.head(), made), consistency }
    return call(one, 'open_epoch', { head, hints: hints(nonce) })
  }

  const opened = await open(core, 0n)
  await world.land(opened.transaction)
  const kept = acknowledge(core, 'kept', begun, first)
  const anchor = { head: proofOf(await world.head()), round, payments: [], hints: hints(1n) }
  const made = call(core, 'prepare_payouts', anchor)
  await world.land(made.transaction)
  const dropped = acknowledge(core, 'dropped', [...begun, first], batchOf(world, 1n, 7n))
  for (const { path } of [kept, dropped])
    expect(againstChain(path)).toMatchObject({ status: 0, verdict: 'nothing', code: 'CONSISTENT' })

  // A host that keeps the last record back: two cores go on without it. One of them opens, the other only says so.
  const stored = [...world.sealed, opened.record, kept.record, made.record]
  const [rolledBack, never] = [createCore(platform), createCore(platform)]
  for (const one of [rolledBack, never]) call(one, 'load_state', { key: null, sealed: stored, isLast: true })
  await open(never, 2n, made)
  await world.land((await open(rolledBack, 2n, made)).transaction)
  const unknownBoot = acknowledge(never, 'unknown-boot', [...begun, first], batchOf(world, 1n, 9n))

  const proof = join(folder, 'proof.json')
  const found = againstChain(dropped.path, '--out', proof)
  const { address } = call(core, 'status', {})
  expect(found).toMatchObject({ status: 1, verdict: 'lie', code: 'TAIL_DROPPED', core: address })
  expect(againstChain(kept.path)).toMatchObject({ status: 0, code: 'CONSISTENT' })
  expect(againstChain(unknownBoot.path)).toMatchObject({ status: 1, code: 'BOOT_REPLACED' })

  // Anyone judges the file again, without a node; and it says in which transaction the chain has its half.
  expect(bursar('--check', proof)).toEqual(found)
  const { transaction_hash: hash } = JSON.parse(readFileSync(proof, 'utf8')).second
  expect((await world.wallet.chain.getTransactionReceipt({ hash })).status).toBe('success')
})

test('G10: a fork that was anchored when it had outgrown the receipt is proved by the log that was published', async () => {
  const world = await createCoreWorld(startChain, join(folder, 'core-outgrown'))
  const { core, platform, rpcUrl } = world
  const opened = call(core, 'open_epoch', { head: proofOf(await world.head()), hints: hints(0n) })
  await world.land(opened.transaction)
  const begun: Entry[] = [{ configuration: world.first, signatures: [] }]
  const receipt = acknowledge(core, 'outgrown', begun, batchOf(world, 0n, 5n))

  // The host starts the core again without its last record, and brings it other batches before it opens.
  const rolledBack = createCore(platform)
  call(rolledBack, 'load_state', { key: null, sealed: [...world.sealed, opened.record], isLast: true })
  const others = [batchOf(world, 0n, 7n), batchOf(world, 1n, 9n)]
  apply(rolledBack, others)
  const again = call(rolledBack, 'open_epoch', { head: proofOf(await world.head()), hints: hints(1n) })
  await world.land(again.transaction)
  const head = proofOf(await world.head())
  const made = call(rolledBack, 'prepare_payouts', { head, round, payments: [], hints: hints(2n) })
  await world.land(made.transaction)

  const file = openLogFile(join(folder, 'published'))
  const published = [...begun, ...others]
  file.append(published.map(entryLeaf))
  file.close()
  const log = ['--log', join(folder, 'published')]
  expect(bursar(receipt.path, '--rpc', rpcUrl)).toMatchObject({ status: 0, code: 'CONSISTENT' })
  const proof = join(folder, 'outgrown-proof.json')
  const found = bursar(receipt.path, '--rpc', rpcUrl, ...log, '--out', proof)
  expect(found).toMatchObject({ status: 1, verdict: 'lie', code: 'FORK', core: call(core, 'status', {}).address })
  expect(bursar('--check', proof)).toEqual(found)
  const kept = acknowledge(rolledBack, 'kept-after', published, batchOf(world, 2n, 1n))
  expect(bursar(kept.path, '--rpc', rpcUrl, ...log)).toMatchObject({ status: 2, code: 'NOT_PROVED' })
})
