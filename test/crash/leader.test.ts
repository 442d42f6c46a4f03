/** Three daemons, each with a core of its own, over one PostgreSQL: leaders are killed and cut off, the others go on. */
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../daemon/store/open.ts'
import { placeAfter } from '../../daemon/store/sealedHeader.ts'
import type { RecordPlace } from '../../daemon/store/store.ts'
import { checkConfiguration } from '../../ledger/config.ts'
import { readHeader, sealedKind } from '../../protocol/sealedHeader.ts'
import { useChains } from '../chain/chains.ts'
import { usePostgres } from '../unit/daemon/engines.ts'
import { startWire, type Wire } from './wire.ts'
import { batchWei, coreOf, createCrashWorld, type Daemon, prepareGround } from './world.ts'

const startChain = useChains()
const postgres = usePostgres()
const names = ['a', 'b', 'c']

test('G7: leaders are killed and cut off, others take over, and one that comes back stores and acknowledges nothing', {
  timeout: 240_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createCrashWorld(await prepareGround(rpcUrl))
  onTestFinished(() => world.end())
  const url = new URL(await postgres.server.createDatabase('leader'))
  const wires = new Map<string, Wire>()
  const daemons = new Map<string, Daemon>()

  const startCore = (name: string): void => {
    const core = world.startCore({ name })
    // As a supervisor would.
    void core.exited.then((how) => {
      if (daemons.has(name) && how === 'SIGKILL') startCore(name)
    })
  }
  const startDaemon = async (name: string): Promise<Daemon> => {
    url.port = `${wires.get(name)?.port}`
    const daemon = world.startDaemon({ name, store: `${url}` })
    daemons.set(name, daemon)
    return world.listening(daemon)
  }
  const leaderAmong = (some: readonly string[]): Promise<Daemon> =>
    world.until(`none of ${some} leads`, async () => {
      for (const name of some) {
        const daemon = daemons.get(name)
        if (daemon && (await daemon.client.status()).isEpochOpen) return daemon
      }
      return undefined
    })
  const others = (leader: Daemon): string[] => [...daemons.keys()].filter((name) => name !== leader.name)
  const logSizes = async (): Promise<bigint[]> =>
    Promise.all([...daemons.values()].map(async ({ client }) => (await client.ledgerHead()).logSize))

  for (const name of names) {
    const wire = await startWire(postgres.server.port)
    wires.set(name, wire)
    onTestFinished(() => wire.close())
    await startDaemon(name)
    startCore(name)
  }
  const { daemon: first, core } = await world.until('nobody has a core', async () => {
    for (const daemon of daemons.values()) {
      const core = await coreOf(daemon.client)
      if (core) return { daemon, core }
    }
    return undefined
  })
  await world.deploy(core)
  await leaderAmong([first.name])
  await first.client.sendBatch(world.batch(0n))
  const firstEpoch = (await first.client.status()).head?.epoch as bigint

  // Followers serve what is stored, and take no batch.
  await world.until('followers are behind', async () => ((await logSizes()).every((n) => n === 2n) ? true : undefined))
  for (const name of others(first)) {
    const { client, url: place } = daemons.get(name) as Daemon
    expect((await fetch(`${place}/healthz`)).status).toBe(200)
    expect(await client.account(world.payees[0] as never)).toMatchObject({ earnedWei: batchWei })
    await expect(client.sendBatch(world.batch(1n))).rejects.toMatchObject({
      code: 'NOT_OPEN',
      facts: { state: 'following' },
    })
  }

  // The leader is killed.
  const candidates = others(first)
  const killedAt = performance.now()
  first.child.kill('SIGKILL')
  daemons.delete(first.name)
  const second = await leaderAmong(candidates)
  console.log(`takeover after a kill: ${Math.round(performance.now() - killedAt)} ms`)
  expect((await second.client.status()).head?.epoch).toBeGreaterThan(firstEpoch)
  expect(await second.client.sendBatch(world.batch(0n))).toMatchObject({ status: 'already_accepted' })
  expect(await second.client.sendBatch(world.batch(1n))).toMatchObject({ status: 'accepted', receipt: { position: 2 } })

  // The next one is cut off from the store, with a batch in its hands.
  const last = candidates.filter((name) => name !== second.name)
  const cutAt = performance.now()
  wires.get(second.name)?.cut()
  let answer: unknown
  const asked = second.client.sendBatch(world.batch(2n)).then(
    (accepted) => {
      answer = accepted
    },
    () => undefined,
  )
  const third = await leaderAmong(last)
  console.log(`takeover after a cut: ${Math.round(performance.now() - cutAt)} ms`)
  expect(await third.client.sendBatch(world.batch(2n))).toMatchObject({ status: 'accepted', receipt: { position: 3 } })
  expect(answer).toBeUndefined()
  wires.get(second.name)?.mend()
  expect(await second.child.exited).toBe(75)
  await asked
  expect(answer).toBeUndefined()
  expect(second.lines).toContainEqual(expect.objectContaining({ msg: 'the daemon cannot go on' }))

  // It comes back as a follower; and leads again, with a core that has to be restarted because others went on.
  daemons.delete(second.name)
  const back = await startDaemon(second.name)
  third.child.kill('SIGKILL')
  daemons.delete(third.name)
  await leaderAmong([back.name])
  // Before it ended, or after it came back: whenever it compared core and store.
  expect([...second.lines, ...back.lines]).toContainEqual(expect.objectContaining({ msg: 'the core was restarted' }))
  expect(await back.client.sendBatch(world.batch(3n))).toMatchObject({ status: 'accepted', receipt: { position: 4 } })
  await world.until('not all is paid', async () => {
    const { discrepancies, paidWei } = await world.reconcile(back)
    return discrepancies.length === 0 && paidWei === 4n * batchWei * BigInt(world.payees.length) ? true : undefined
  })
  expect(await world.paid()).toEqual(world.payees.map(() => 4n * batchWei))

  // One unbroken chain of records, whoever wrote them.
  const store = await openStore(`${url}`, checkConfiguration(world.configuration).hash)
  onTestFinished(() => store.close())
  let place: RecordPlace | undefined
  for await (const sealed of store.sealedState()) {
    if (sealed[1] !== sealedKind.record) continue
    const { number, previous } = readHeader(sealed)
    place = placeAfter(place ?? { number: Number(number) - 1, hash: previous }, sealed)
  }
  expect(place).toEqual(await store.lastRecord())
})
