import { cpSync, statSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { signedBatch } from '../../../client/entries.ts'
import type { ChainEvent } from '../../../daemon/chain/events.ts'
import { lastLogHeadSql } from '../../../daemon/store/logTables.ts'
import { openDatabase, openStore } from '../../../daemon/store/open.ts'
import type { Entry, NewEntry, RecordPlace, Store, StoredTransaction } from '../../../daemon/store/store.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, toHex, zeroHash } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'
import type { Commit } from '../../../ledger/structs.ts'
import { domain, payeeOf } from '../ledger/support.ts'
import { describeEngines } from './engines.ts'
import { creditBatch, sealAfter, temporaryFolder, waiting } from './support.ts'

const configHash: Hex = `0x${'c0'.repeat(32)}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const none: RecordPlace = { number: 0, hash: zeroHash }
const { signal } = new AbortController()

/** Without the lead: it can be read. */
async function read(address: string): Promise<Store> {
  const store = await openStore(address, configHash)
  onTestFinished(() => store.close())
  return store
}

const signed = creditBatch(0n, 1n)
const leafOf = (sequence: bigint): Uint8Array => entryLeaf(creditBatch(sequence, 1n))
const stored = (position: number): Entry => {
  const one = { batch: { ...signed.batch, sequence: BigInt(position) }, signature: signed.signature }
  const leaf = entryLeaf(one)
  return {
    position,
    leaf,
    leafHash: toHex(leafHash(leaf)),
    signed: one,
    odd: [{ index: 0, reason: 'SESSION_NOT_OPEN' }],
  }
}
/** Each names the same payee. */
const entry = (position: number): NewEntry => ({
  ...stored(position),
  gains: [{ payee: payeeOf(1), wei: 5n, previous: position - 1 }],
})
const head = (size: number) => ({
  epoch: 1n,
  boot: hash(7),
  size: BigInt(size),
  root: hash(8),
  signature: `0x${'5a'.repeat(64)}` as Hex,
})
const transaction = (n: number): StoredTransaction => ({
  hash: hash(n),
  raw: '0x02',
  nonce: n,
  purpose: 'commit',
  status: 'pending',
})

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

const paid = (blockNumber: number, position: number, n: number): ChainEvent => ({
  name: 'Paid',
  blockNumber,
  position,
  blockHash: hash(blockNumber),
  blockTime: blockNumber + 1_000,
  transactionHash: hash(1),
  args: { payee: payeeOf(n), counter: 1n, amount: 2n ** 95n, ticket: true },
})

describeEngines((engine) => {
  async function open() {
    const address = await engine.place()
    const store = await openStore(address, configHash)
    onTestFinished(() => store.close())
    return { address, store, ...(await store.lead(signal)) }
  }

  /** As one that takes the lead does, without asking for the lock. */
  async function fence(address: string): Promise<void> {
    const db = await openDatabase(address)
    await db.write((query) => query('UPDATE leader SET generation = generation + 1'))
    await db.close()
  }

  test('default: snapshot, records and entries in order, and again after reopening', async () => {
    const { address, store } = await open()
    expect(await store.lastRecord()).toBeUndefined()
    const chunks = [new Uint8Array([1]), new Uint8Array([2])]
    const wrappedKeys = [{ kmsKey: '0x01', ephemeralKey: '0x02', sealed: '0x03' }] as const
    expect(await store.wrappedKeys()).toEqual([])
    await store.saveSnapshot({ chunks, wrappedKeys, last: none }, [])
    const first = sealAfter(none)
    const second = sealAfter(first.place)
    await store.saveAccepted({ sealed: first.sealed, entries: [entry(1), entry(2)], head: head(3) })
    await store.saveAccepted({ sealed: second.sealed, entries: [entry(3)], head: head(4) })
    await store.close()
    const again = await read(address)
    expect(await again.lastRecord()).toEqual(second.place)
    expect((await all(again.sealedState())).map(toHex)).toEqual([...chunks, first.sealed, second.sealed].map(toHex))
    expect(await again.wrappedKeys()).toEqual(wrappedKeys)
    expect(await all(again.entries())).toEqual([stored(1), stored(2), stored(3)])
    expect(await again.entryLike(stored(2).signed)).toEqual(stored(2))
    expect(await again.gains(payeeOf(1), { from: 3, limit: 2 })).toEqual([
      { entry: stored(3), wei: 5n },
      { entry: stored(2), wei: 5n },
    ])
    expect(await again.gains(payeeOf(1), { from: 1, limit: 2 })).toEqual([{ entry: stored(1), wei: 5n }])
    for (const [payee, from] of [
      [payeeOf(1), 0],
      [payeeOf(1), 4],
      [payeeOf(2), 3],
    ] as const)
      expect(await again.gains(payee, { from, limit: 2 })).toEqual([])
    expect(await again.earnings(0, 4)).toEqual(new Map([[payeeOf(1), 15n]]))
    expect(await again.earnings(0, 3)).toEqual(new Map([[payeeOf(1), 10n]]))
    expect(await again.earnings(2, 4)).toEqual(new Map([[payeeOf(1), 10n]]))
    expect(await again.entryLike(stored(9).signed)).toBeUndefined()
  })

  test('error: a record that is not the next is not written, nor anything with it', async () => {
    const { store } = await open()
    const first = sealAfter(none)
    await expect(store.saveAccepted({ sealed: first.sealed, entries: [], head: head(1) })).rejects.toThrow(
      'before any snapshot',
    )
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    const wrong = [
      sealAfter({ number: 1, hash: zeroHash }), // one too far
      sealAfter({ number: 0, hash: hash(1) }), // after another
    ]
    for (const { sealed } of wrong)
      await expect(store.saveAccepted({ sealed, entries: [entry(1)], head: head(2) })).rejects.toMatchObject({
        name: 'OutOfStep',
      })
    expect(await all(store.entries())).toEqual([])
    expect(await store.lastRecord()).toEqual(none)
    await store.saveAccepted({ sealed: first.sealed, entries: [entry(1)], head: head(2) })
    await expect(store.saveAccepted({ sealed: first.sealed, entries: [], head: head(2) })).rejects.toMatchObject({
      name: 'OutOfStep',
    })
  })

  test('error: a position or a sequence is taken once, or nothing is written', async () => {
    const { store } = await open()
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    const first = sealAfter(none)
    await store.saveAccepted({ sealed: first.sealed, entries: [entry(1)], head: head(2) })
    const second = sealAfter(first.place)
    const twice = [
      { ...entry(1), signed: creditBatch(9n, 1n) },
      { ...entry(1), position: 2 },
    ]
    for (const again of twice)
      await expect(
        store.saveAccepted({ sealed: second.sealed, entries: [again], head: head(3) }),
      ).rejects.toMatchObject({
        code: 'STORE_CONFLICT',
      })
    expect(await store.lastRecord()).toEqual(first.place)
  })

  test('behavior: an intent outlives a process that dies, and goes with its record', async () => {
    const { address, store } = await open()
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    const first = sealAfter(none)
    await store.intend(1, [leafOf(1n), leafOf(2n)])
    const crashed = await read(engine.crashImage(address))
    expect(await crashed.intentsAfter(0)).toEqual([leafOf(1n), leafOf(2n)])
    expect(await crashed.intentsAfter(1)).toEqual([])
    await store.saveAccepted({ sealed: first.sealed, entries: [entry(1)], head: head(2) })
    expect(await store.intentsAfter(0)).toEqual([])
  })

  test('behavior: a snapshot takes the place of all records and intents, with what was recovered', async () => {
    const { store } = await open()
    await store.saveSnapshot({ chunks: [new Uint8Array([1])], wrappedKeys: [], last: none }, [])
    const first = sealAfter(none)
    await store.saveAccepted({ sealed: first.sealed, entries: [entry(1)], head: head(2) })
    await store.intend(2, [leafOf(2n)])
    const last = { number: 2, hash: hash(2) }
    await store.saveSnapshot({ chunks: [new Uint8Array([9])], wrappedKeys: [], last }, [entry(2)])
    expect(await store.lastRecord()).toEqual(last)
    expect(await all(store.sealedState())).toHaveLength(1)
    expect(await store.intentsAfter(0)).toEqual([])
    expect(await store.countRecords()).toBe(0)
    expect((await all(store.entries())).map(({ position }) => position)).toEqual([1, 2])
    await store.saveAccepted({ sealed: sealAfter(last).sealed, entries: [], head: head(3) })
  })

  test('behavior: a commit is found by counter and root, its transaction until it is settled', async () => {
    const { store } = await open()
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    const commit: Commit = {
      epoch: 2n ** 63n,
      boot: hash(1),
      counter: 2n ** 63n + 1n,
      prevRoot: zeroHash,
      next: { accountsRoot: hash(2), logRoot: hash(3), logSize: 4n, totalEarned: 5n, configHash },
      round: 6n,
      payments: [hash(7)],
      ticketSigs: [],
    }
    const prepared = { payoutId: hash(9), commit, signature: `0x${'5a'.repeat(64)}` as Hex }
    await store.saveSigned(sealAfter(none).sealed, transaction(3), prepared)
    expect(await store.commitWithRoot(commit.counter, rootOf(commit.next))).toEqual(prepared)
    expect(await store.commitWithRoot(commit.counter, zeroHash)).toBeUndefined()
    expect(await store.pendingTransactions()).toEqual([transaction(3)])
    expect(await store.transactionsBetween(3, 4)).toEqual([transaction(3)])
    expect(await store.transactionsBetween(0, 3)).toEqual([])
    await store.markTransaction(hash(3), 'landed')
    expect(await store.pendingTransactions()).toEqual([])
  })

  test('behavior: payouts newest first, by payee and page', async () => {
    const { store } = await open()
    const events = [paid(1, 0, 1), paid(1, 1, 2), paid(2, 0, 1), paid(3, 5, 1)]
    await store.saveBlocks([{ number: 3, hash: hash(3) }], events)
    const query = { payee: undefined, before: undefined, limit: 10 }
    expect(await store.payouts(query)).toEqual([...events].reverse())
    expect(await store.payouts({ ...query, payee: payeeOf(1), limit: 2 })).toEqual([events[3], events[2]])
    expect(await store.payouts({ ...query, before: { blockNumber: 2, position: 0 } })).toEqual([events[1], events[0]])
    await store.rewindBlocks(1)
    expect(await store.payouts(query)).toEqual([events[1], events[0]])
  })

  test('behavior: a store of version 4, with entries as JSON and a row of gains each, is brought over', async () => {
    const address = await engine.place()
    await (await openStore(address, configHash)).close()
    const old = await openDatabase(address)
    const schema = [
      ...['entries', 'intents', 'ledger_state'].map((table) => `DROP TABLE ${table}`),
      'CREATE TABLE gains (payee TEXT, position INTEGER, wei TEXT, PRIMARY KEY (payee, position)) STRICT',
      `CREATE TABLE entries (position INTEGER PRIMARY KEY, author TEXT NOT NULL, number TEXT NOT NULL,
        leaf_hash TEXT NOT NULL, entry TEXT NOT NULL, odd TEXT NOT NULL, UNIQUE (author, number)) STRICT`,
      'CREATE TABLE intents (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, entries TEXT NOT NULL) STRICT',
      'UPDATE schema_version SET version = 4',
    ]
    const json = (sequence: bigint) => signedBatch.write({ ...creditBatch(sequence, 1n) })
    await old.write(async (query) => {
      for (const step of schema) await query(old.dialect.schema(step))
      for (const position of [1, 2]) {
        const { leafHash: hashed, signed: one } = stored(position)
        if (!('batch' in one)) throw new Error('a batch is stored')
        const { reporter, sequence } = one.batch
        const text = JSON.stringify(signedBatch.write({ ...domain, ...one }))
        const odd = JSON.stringify([{ index: 0, reason: 'SESSION_NOT_OPEN' }])
        await query(
          'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)',
          position,
          reporter,
          `${sequence}`,
          hashed,
          text,
          odd,
        )
        await query('INSERT INTO gains VALUES (?, ?, ?)', payeeOf(1), position, '5')
      }
      await query('INSERT INTO intents VALUES (?, ?, ?)', 1, 7, JSON.stringify([json(3n), json(4n)]))
    })
    await old.close()

    const store = await read(address)
    expect(await all(store.entries())).toEqual([stored(1), stored(2)])
    expect(await store.intentsAfter(6)).toEqual([leafOf(3n), leafOf(4n)])
    expect(await store.earnings(0, 3)).toEqual(new Map([[payeeOf(1), 10n]]))
    expect((await store.gains(payeeOf(1), { from: 2, limit: 9 })).map(({ wei }) => wei)).toEqual([5n, 5n])
  })

  test('error: a store that a newer daemon wrote', async () => {
    const { address, store } = await open()
    await store.close()
    const db = await openDatabase(address)
    await db.write((query) => query('UPDATE schema_version SET version = 999'))
    await db.close()
    await expect(openStore(address, configHash)).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
  })

  test('error: a store of another deployment', async () => {
    const { address } = await open()
    await expect(openStore(address, zeroHash)).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
  })

  test('behavior: pages are read to their end, in order', async () => {
    const { store } = await open()
    const count = 1_203
    await store.saveSnapshot({ chunks: [new Uint8Array([9])], wrappedKeys: [], last: none }, [])
    const events = Array.from({ length: count }, (_, i) => paid(Math.floor(i / 3), i % 3, 1))
    await store.saveBlocks([{ number: count, hash: hash(3) }], events)
    expect(await all(store.events())).toEqual(events)
    expect(await all(store.events(400))).toEqual([])
    expect(await all(store.events(399))).toEqual(events.slice(-3))
    let last = none
    for (let i = 1; i <= 70; i++) {
      const { sealed, place } = sealAfter(last)
      await store.saveAccepted({
        sealed,
        entries: i === 1 ? Array.from({ length: count }, (_, n) => entry(n + 1)) : [],
        head: head(i),
      })
      last = place
    }
    expect((await all(store.entries())).map(({ position }) => position)).toEqual(
      Array.from({ length: count }, (_, n) => n + 1),
    )
    expect((await all(store.entries(count))).map(({ position }) => position)).toEqual([count])
    expect(await all(store.sealedState())).toHaveLength(71)
  })

  test('behavior: the last head is that of the newest epoch, and in it the largest, as numbers', async () => {
    const { store } = await open()
    for (const [epoch, size] of [
      [1n, 11],
      [9n, 300],
      [10n, 9],
      [10n, 10],
    ] as const)
      await store.saveLogHead({ ...head(size), epoch })
    expect(await store.lastLogHead()).toMatchObject({ epoch: 10n, size: 10n })
  })

  test('G7: who takes the lead fences off who had it, for writes of every kind', async () => {
    const { address, store } = await open()
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    const reading = await read(address)
    // The lock of the first is not lost: the generation alone must hold it back.
    await fence(address)
    const { sealed } = sealAfter(none)
    const writes: (() => Promise<unknown>)[] = [
      () => store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, []),
      () => store.saveAccepted({ sealed, entries: [entry(1)], head: head(2) }),
      () => store.saveSigned(sealed, transaction(1), undefined),
      () => store.intend(1, [leafOf(1n)]),
      () => store.dropIntents(),
      () => store.saveLogHead(head(2)),
      () => store.saveLedger({ counter: 1n, chunks: [] }),
      () => store.markTransaction(hash(1), 'landed'),
      () => store.saveBlocks([{ number: 1, hash: hash(1) }], []),
      () => store.rewindBlocks(0),
    ]
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(await reading.lastRecord()).toEqual(none)
    expect(await reading.intentsAfter(0)).toEqual([])
    expect(await reading.cursor()).toBeUndefined()
    // And who never led writes nothing either.
    await expect(reading.dropIntents()).rejects.toMatchObject({ code: 'STORE_FENCED' })
  })

  test('behavior: a second process waits until the first has gone, then leads in a new generation', async () => {
    const { address, store, generation } = await open()
    const second = await read(address)
    const order: string[] = []
    const leading = second.lead(signal).then((lead) => {
      order.push('leads')
      return lead
    })
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, [])
    order.push('stored')
    await store.close()
    expect((await leading).generation).toBe(generation + 1)
    expect(order).toEqual(['stored', 'leads'])
    expect(await second.lastRecord()).toEqual(none)
    await second.saveAccepted({ sealed: sealAfter(none).sealed, entries: [entry(1)], head: head(2) })
  })

  test('G7: what was kept outlives a server that loses power, and the lead does not', {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (!engine.server) return skip('there is no server but the process itself')
    const { address, store, lost } = await open()
    await store.saveSnapshot({ chunks: [new Uint8Array([1])], wrappedKeys: [], last: none }, [])
    const { sealed, place } = sealAfter(none)
    await store.saveAccepted({ sealed, entries: [entry(1)], head: head(2) })
    await engine.server.crash()
    expect(await lost).toMatchObject({ code: 'STORE_UNREACHABLE' })
    const late = sealAfter(place).sealed
    await expect(store.saveAccepted({ sealed: late, entries: [], head: head(3) })).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    })
    const again = await read(address)
    expect(await again.lastRecord()).toEqual(place)
    expect(await all(again.entries())).toEqual([stored(1)])
  })

  test('error: a server that does not force what it commits is refused', { timeout: 60_000 }, async ({ skip }) => {
    if (!engine.server) return skip('SQLite is told to by us')
    const address = await engine.place()
    const db = await openDatabase(address)
    onTestFinished(() => db.close())
    const set = async (change: string): Promise<void> => {
      await db.query(`ALTER SYSTEM ${change}`)
      await db.query('SELECT pg_reload_conf()')
    }
    await set('SET fsync = off')
    const opening = async () => (await openStore(address, configHash)).close()
    await vi.waitFor(() => expect(opening()).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 }), waiting)
    await set('RESET fsync')
    await vi.waitFor(opening, waiting)
  })

  test('error: a server that takes no writes, as a standby does not', async ({ skip }) => {
    if (!engine.server) return skip('a read-only disk is mounted in test/crash/disk.test.ts')
    const address = await engine.place()
    await (await openStore(address, configHash)).close()
    const db = await openDatabase(address)
    await db.query(`ALTER DATABASE ${new URL(address).pathname.slice(1)} SET default_transaction_read_only = on`)
    await db.close()
    await expect(openStore(address, configHash)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' })
  })

  test('behavior: waiting for the lead ends with the signal', async () => {
    const { address } = await open()
    const waiting = (await read(address)).lead(AbortSignal.abort(new Error('enough')))
    await expect(waiting).rejects.toThrow('enough')
  })
})

test('G7: commits that a killed process made visible and did not force are forced when the file is opened', async () => {
  const folder = temporaryFolder()
  const store = await openStore(`sqlite:${folder}/a`, configHash)
  await store.lead(signal)
  for (const suffix of ['', '-wal']) cpSync(`${folder}/a${suffix}`, `${folder}/b${suffix}`)
  await store.close()
  expect(statSync(`${folder}/b-wal`).size).toBeGreaterThan(0)
  const image = await openStore(`sqlite:${folder}/b`, configHash)
  // All of it is in the file itself now, which SQLite syncs before it cuts the log.
  expect(statSync(`${folder}/b-wal`).size).toBe(0)
  await image.close()
})

test('behavior: the last head is found by its index, however many there are', async () => {
  const folder = temporaryFolder()
  const store = await openStore(`sqlite:${folder}/store`, configHash)
  await store.close()
  const database = await openDatabase(`sqlite:${folder}/store`)
  onTestFinished(() => database.close())
  const plan = await database.query(`EXPLAIN QUERY PLAN ${lastLogHeadSql}`)
  expect(plan.map(({ detail }) => detail)).toEqual(['SCAN log_heads USING INDEX log_heads_by_size'])
})

test('error: a file that is no database, a folder that is none', async () => {
  const folder = temporaryFolder()
  writeFileSync(`${folder}/text`, 'x'.repeat(10_000))
  await expect(openStore(`sqlite:${folder}/text`, configHash)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  await expect(openStore(`sqlite:${folder}/no/store`, configHash)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
  await expect(openStore('postgres://nobody@127.0.0.1:1/none', configHash)).rejects.toMatchObject({
    code: 'STORE_UNREACHABLE',
  })
})
