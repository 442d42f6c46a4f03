import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { backupStore, copiedTables, restoreStore } from '../../../daemon/store/backup.ts'
import type { Query } from '../../../daemon/store/database.ts'
import { openDatabase, openStore } from '../../../daemon/store/open.ts'
import type { Store } from '../../../daemon/store/store.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { describeEngines } from './engines.ts'
import { createWorld, creditBatch, directPayee, hostCore, temporaryFolder, untilOpen, waiting } from './support.ts'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** All that a store answers. */
const answersOf = async (store: Store): Promise<unknown> => ({
  last: await store.lastRecord(),
  sealed: (await all(store.sealedState())).map((bytes) => Buffer.from(bytes).toString('hex')),
  entries: await all(store.entries()),
  events: await all(store.events()),
  blocks: await store.blocks(),
  transactions: await store.transactionsBetween(0, 1_000),
  head: await store.lastLogHead(),
})

async function change(address: string, work: (query: Query) => Promise<unknown>): Promise<void> {
  const db = await openDatabase(address)
  await db.write(work)
  await db.close()
}

describeEngines((engine) => {
  /** A daemon at work, with something of everything in its store. */
  async function atWork() {
    const world = createWorld()
    const address = await engine.place()
    const daemon = await world.startOpen({ store: address })
    await daemon.client.sendBatch(creditBatch(0n, 5n))
    await vi.waitFor(async () => expect((await daemon.client.account(directPayee)).paidWei).toBe(5n), waiting)
    return { world, address, daemon, path: join(temporaryFolder(), 'backup.sqlite') }
  }

  test('G7: a running store is copied, and another machine goes on from the copy alone', async () => {
    const { world, address, daemon, path } = await atWork()
    const made = await backupStore(address, path)
    expect(made).toMatchObject({ configHash: world.config.rules.hash, entries: 1 })
    await daemon.client.sendBatch(creditBatch(1n, 5n)) // it went on meanwhile
    await daemon.stop()

    const empty = await engine.place()
    expect(await restoreStore(path, empty)).toEqual(made)
    const [image, restored] = [`sqlite:${path}`, empty].map((place) => openStore(place, world.config.rules.hash))
    for (const store of [await image, await restored]) onTestFinished(() => store?.close())
    expect(await answersOf((await restored) as Store)).toEqual(await answersOf((await image) as Store))
  })

  test('behavior: from the database alone, on a machine with another folder and another core', async () => {
    const { world, address, daemon } = await atWork()
    const before = await daemon.client.ledgerHead()
    await daemon.stop()
    const elsewhere = hostCore(temporaryFolder(), world.coreHost.platform)
    const next = await world.startDaemon({ store: address, core: elsewhere.address })
    await untilOpen(next)
    expect(await next.client.ledgerHead()).toMatchObject({ logSize: before.logSize, logRoot: before.logRoot })
    expect(await next.client.sendBatch(creditBatch(0n, 5n))).toMatchObject({ status: 'already_accepted' })
    expect(await next.client.sendBatch(creditBatch(1n, 5n))).toMatchObject({ receipt: { position: 2 } })
  })

  test('error: a place that is taken, a file that is there or is not', async () => {
    const { address, path } = await atWork()
    await backupStore(address, path)
    await expect(backupStore(address, path)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    await expect(restoreStore(path, address)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    rmSync(path)
    await expect(restoreStore(path, await engine.place())).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
  })

  test.each([
    ['a record is missing', 'DELETE FROM records WHERE number = 1'],
    ['a snapshot is missing', 'DELETE FROM snapshot_place'],
    ['an entry is missing', 'DELETE FROM entries WHERE position = 2'],
    ['an entry was altered', `UPDATE entries SET leaf_hash = '0x${'00'.repeat(32)}' WHERE position = 2`],
    ['it is no store', 'DELETE FROM deployment'],
  ])('error: a backup in which %s is not restored', async (_, damage) => {
    const { address, path, daemon } = await atWork()
    await daemon.client.sendBatch(creditBatch(1n, 1n))
    await daemon.client.sendBatch(creditBatch(2n, 1n))
    await backupStore(address, path)
    await change(`sqlite:${path}`, (query) => query(damage))
    const empty = await engine.place()
    await expect(restoreStore(path, empty)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    const store = await openStore(empty, `0x${'01'.repeat(32)}` as Hex) // nothing is in it, not even whose it is
    onTestFinished(() => store.close())
    expect(await store.lastRecord()).toBeUndefined()
  })

  test('behavior: every table is copied', async () => {
    const address = await engine.place()
    const store = await openStore(address, `0x${'01'.repeat(32)}`)
    await store.close()
    await change(address, async (query) => {
      const rows = await query(
        engine.name === 'sqlite'
          ? "SELECT name FROM sqlite_master WHERE type = 'table'"
          : "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
      )
      const names = rows.map(({ name }) => name).filter((name) => name !== 'schema_version')
      expect(names.sort()).toEqual(Object.keys(copiedTables).sort())
    })
  })
})
