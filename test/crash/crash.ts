/** One life of a deployment in which something is killed once: what must hold afterwards, whatever it was and whenever. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Child } from '../../anvil/children.ts'
import { batchLeafHash } from '../../client/batch.ts'
import type { Client } from '../../client/client.ts'
import { LogTree } from '../../client/logTree.ts'
import { verifyReceipt } from '../../client/verify.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import {
  batchWei,
  type CrashWorld,
  coreOf,
  createCrashWorld,
  type Daemon,
  type Ground,
  type StartOrder,
} from './world.ts'

export type Victim = 'daemon' | 'core' | 'both'

export interface Life {
  readonly ground: Ground
  /** The address of an empty place. */
  readonly store: string
  /** Who is killed, and at which step; undefined: nobody, and the steps are recorded. */
  readonly kill?: { readonly victim: Victim; readonly step: string }
}

export interface Lived {
  /** Whether the step came at all. */
  readonly isKilled: boolean
  /** Steps of a life in which nobody was killed. */
  readonly steps: Readonly<Record<'daemon' | 'core', readonly string[]>>
}

const batches = 4
const preload = 'test/crash/steps.ts'
const doNotRestart = 1

/** Lives it, and checks all that must hold. */
export async function live({ ground, store, kill }: Life): Promise<Lived> {
  const world = await createCrashWorld(ground)
  try {
    const { isKilled } = await liveIn(world, store, kill)
    const stepsOf = (name: string): string[] => (kill ? [] : linesOf(join(world.folder, `${name}.steps`)))
    return { isKilled, steps: { daemon: stepsOf('daemon'), core: stepsOf('core') } }
  } catch (error) {
    const logs = ['daemon-a', 'core-a'].map((name) =>
      linesOf(join(world.folder, `${name}.log`))
        .slice(-40)
        .join('\n'),
    )
    throw new Error(`${JSON.stringify(kill)}\n${logs.join('\n--\n')}`, { cause: error })
  } finally {
    await world.end()
  }
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean)

async function liveIn(world: CrashWorld, store: string, kill: Life['kill']) {
  let isKilled = false
  let isOver = false
  let failure: Error | undefined
  const pidOf = (name: string): string => join(world.folder, `${name}.pid`)
  const orderFor = (part: 'daemon' | 'core'): StartOrder => {
    const env = (): Record<string, string> => {
      if (!kill) return { STEPS_RECORD: join(world.folder, `${part}.steps`) }
      if (isKilled || (kill.victim === 'core') !== (part === 'core')) return {}
      return { STEPS_KILL: kill.step, ...(kill.victim === 'both' ? { STEPS_ALSO: pidOf('a') } : {}) }
    }
    return { name: 'a', preload, env: env() }
  }
  /** Starts again what ends, as a supervisor does. */
  const watch = (child: Child, again: () => void): void => {
    void child.exited.then((how) => {
      if (isOver) return
      if (how === 'SIGKILL') isKilled = true
      if (how === doNotRestart) failure = new Error(`${child.name} ended and is not to be restarted`)
      else again()
    })
  }
  const startCore = (): void => watch(world.startCore(orderFor('core')), startCore)
  const startDaemon = (): Daemon => {
    const started = world.startDaemon({ ...orderFor('daemon'), store })
    watch(started.child, () => {
      daemon = startDaemon()
    })
    return started
  }
  startCore()
  let daemon = startDaemon()
  /** Asks whichever daemon runs, again and again. */
  const until = <T>(what: string, ask: (client: Client) => Promise<T | undefined>): Promise<T> =>
    world.until(what, async () => {
      if (failure) return undefined
      return daemon.url ? ask(daemon.client) : undefined
    })
  try {
    await until('it does not wait for the contract', async (client) =>
      (await client.status()).state === 'waiting for the contract' ? true : undefined,
    )
    const core = await until('no core', coreOf)
    await world.deploy(core)
    const send = (sequence: number) =>
      until(`batch ${sequence} is not taken`, (client) => client.sendBatch(world.batch(BigInt(sequence))))
    const paidUpTo = (count: number) =>
      until('not all is paid', async () => {
        const { discrepancies, paidWei } = await world.reconcile(daemon)
        return discrepancies.length === 0 && paidWei === totalOf(world, count) ? true : undefined
      })
    const answers = [await send(0)]
    await paidUpTo(1)
    answers.push(...(await Promise.all([send(1), send(2)])))
    answers.push(await send(3))
    await paidUpTo(batches)

    // Asked again, each is where it was: nothing acknowledged is lost, nothing is counted twice.
    for (const [sequence, { receipt }] of answers.entries()) {
      const again = await send(sequence)
      expect(again).toMatchObject({ status: 'already_accepted', receipt: { position: receipt.position } })
      const leaf = batchLeafHash(world.batch(BigInt(sequence)))
      for (const one of [receipt, again.receipt])
        expect(verifyReceipt(world.domain, core.address, one, leaf)).toBe(true)
      expect(rootAt(world, Number(receipt.head.size))).toBe(receipt.head.root)
    }
    // The log is the one that the reporter's own order makes.
    const { logSize, logRoot, totalEarnedWei } = await until('no head', (client) => client.ledgerHead())
    expect({ logSize, logRoot, totalEarnedWei }).toEqual({
      logSize: BigInt(batches + 1),
      logRoot: rootAt(world, batches + 1),
      totalEarnedWei: totalOf(world, batches),
    })
    expect(await world.paid()).toEqual(world.payees.map(() => batchWei * BigInt(batches)))
    return { isKilled }
  } catch (error) {
    throw failure ?? error
  } finally {
    isOver = true
  }
}

const totalOf = ({ payees }: CrashWorld, count: number): bigint => batchWei * BigInt(count * payees.length)

/** Computed from what the reporter sent, and nothing that the daemon said. */
function rootAt({ configuration, batch }: CrashWorld, size: number) {
  const tree = new LogTree()
  tree.append(leafHash(entryLeaf({ configuration, signatures: [] })))
  for (let sequence = 0n; tree.size < size; sequence++) tree.append(batchLeafHash(batch(sequence)))
  return tree.root()
}
