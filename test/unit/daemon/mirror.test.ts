/** A mirror that goes on from a stored state, and one that is given a state which is not of its log. */
import { expect, onTestFinished, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { signConfiguration } from '../../../client/configuration.ts'
import { credit, sessionStart } from '../../../client/events.ts'
import { createMirror } from '../../../daemon/services/mirror.ts'
import { openDatabase, openStore } from '../../../daemon/store/open.ts'
import { checkConfiguration } from '../../../ledger/config.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { utf8, zeroHash } from '../../../ledger/hex.ts'
import { commitmentOf } from '../../../ledger/state.ts'
import type { Commit } from '../../../ledger/structs.ts'
import { configuration, keyOf, payeeOf, signed, snapshot } from '../ledger/support.ts'
import { describeEngines } from './engines.ts'
import { sealAfter } from './support.ts'

const signerKey = keyOf(50)
const rules = checkConfiguration(configuration({ signers: [addressOfKey(signerKey)], threshold: 1 }))
const changed = { ...rules.configuration, version: 2n, previous: rules.hash, rail: 1 }
const none = { number: 0, hash: zeroHash }
const counter = 3n

/** Four events, as the bytes of an entry. */
const batch = (sequence: bigint, n: number): Uint8Array =>
  entryLeaf(
    signed(
      sequence,
      [1, 2, 3, 4].map((i) => credit({ id: `${sequence}.${i}`, payee: payeeOf(n), wei: 5n })),
    ),
  )
const early: readonly Uint8Array[] = [
  batch(0n, 1),
  entryLeaf(signConfiguration(changed, [signerKey])),
  entryLeaf(signed(1n, [sessionStart({ id: 's', payee: payeeOf(2), tariff: 'stream-hour', atMs: 1_000 })])),
]
const late: readonly Uint8Array[] = [batch(2n, 3)]

describeEngines((engine) => {
  /** A store of four entries, with a commit after the third, and a state of then. */
  async function startKept() {
    const address = await engine.place()
    const store = await openStore(address, rules.hash)
    onTestFinished(() => store.close())
    await store.lead(new AbortController().signal)
    const mirror = createMirror({ rules, store, eventsPerState: 6 })
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, mirror.recover(early))
    const next = commitmentOf(mirror.ledger)
    mirror.freeze(next)
    const place = { epoch: 1n, boot: zeroHash, counter, prevRoot: zeroHash, round: 0n }
    const commit: Commit = { ...place, next, payments: [], ticketSigs: [] }
    await store.saveSigned(
      sealAfter(none).sealed,
      { hash: zeroHash, raw: '0x02', nonce: 0, purpose: 'commit', status: 'pending' },
      { payoutId: zeroHash, commit, signature: '0x' },
    )
    await mirror.keep(counter)
    await store.saveSnapshot({ chunks: [], wrappedKeys: [], last: none }, mirror.recover(late))
    /** As after a restart. */
    const start = async () => {
      const other = createMirror({ rules, store })
      await other.catchUp()
      return other
    }
    const damage = async (statement: string) => {
      const database = await openDatabase(address)
      await database.write((query) => query(statement))
      await database.close()
    }
    return { store, mirror, next, start, damage }
  }

  test('default: a start goes on from the state that was kept, and comes to the same', async () => {
    const { mirror, next, start } = await startKept()
    const other = await start()
    expect(other.resumedAt).toBe(4)
    expect(other.tree.root()).toBe(mirror.tree.root())
    expect(other.configHashes).toEqual(mirror.configHashes)
    expect(other.configHashes).toHaveLength(2)
    expect(snapshot(other.ledger)).toEqual(snapshot(mirror.ledger))
    expect([1, 2, 3, 4].map((n) => other.lastGain(payeeOf(n)))).toEqual([1, 3, 4, 0])
    for (const commitment of [next, commitmentOf(mirror.ledger)])
      expect((await other.viewAt(commitment)).list(0, 9)).toEqual((await mirror.viewAt(commitment)).list(0, 9))
    expect(other.recover([batch(3n, 1)])).toEqual(mirror.recover([batch(3n, 1)]))
  })

  test('behavior: a state is kept again only after so many events more', async () => {
    const { store, mirror } = await startKept()
    await mirror.keep(9n)
    expect(await store.ledgerState()).toMatchObject({ counter })
    mirror.recover([batch(3n, 1)])
    await mirror.keep(9n)
    expect(await store.ledgerState()).toMatchObject({ counter: 9n })
  })

  test.each([
    ['that the core did not commit to', `UPDATE commits SET root = '${zeroHash}'`],
    ['whose bytes are not those that were saved', `UPDATE ledger_state SET hash = '${zeroHash}'`],
  ])('behavior: a state %s counts for nothing', async (_, statement) => {
    const { mirror, start, damage } = await startKept()
    await damage(statement)
    const other = await start()
    expect(other.resumedAt).toBe(1)
    expect(snapshot(other.ledger)).toEqual(snapshot(mirror.ledger))
  })

  test("behavior: nor does one in another version's words", async () => {
    const { store, start } = await startKept()
    await store.saveLedger({ counter, chunks: [utf8('{}')] })
    expect((await start()).resumedAt).toBe(1)
  })

  test('error: a log that is not the one that was committed to', async () => {
    const { start, damage } = await startKept()
    await damage(`UPDATE entries SET leaf_hash = '${zeroHash}' WHERE position = 2`)
    await expect(start()).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
  })
})
