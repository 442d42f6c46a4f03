/** Plays the moves of a hostile host one after another and holds the money against what was earned after each of them. */
import { treasuryAbi } from '../../abi/index.ts'
import type { Hex } from '../../ledger/hex.ts'
import { waitFor } from '../waiting.ts'
import { type Stage, sum, totalPaid } from './stage.ts'
import { type Host, loadInto, type Step, tries } from './tries.ts'
import { checks } from './words.ts'

export interface Played {
  readonly title: string
  readonly tried: string
  readonly steps: readonly Step[]
  /** Whether every step was refused, and nobody has more than it earned. */
  readonly isStopped: boolean
}

export interface AttackResult {
  readonly tries: readonly Played[]
  readonly gotThrough: number
  /** In the end, with an honest host again. */
  readonly isPaidToTheWei: boolean
  readonly paidWei: string
}

const wordsOf = (code: string): string => checks[code] ?? 'See docs/PROTOCOL.md and docs/CONTRACT.md for this refusal.'

export async function attack(stage: Stage, say: (sentence: string) => void): Promise<AttackResult> {
  const [first, second] = await Promise.all(['first', 'second'].map((name) => stage.startCore(name)))
  if (!first || !second) throw new Error('two cores were started')
  for (const core of [first, second]) await loadInto(core, stage.now.sealed)
  const host: Host = { ...stage, first, second, made: stage.head }
  const played: Played[] = []
  for (const [i, { title, tried, run }] of tries.entries()) {
    say(`\n${i + 1}. ${title}\n   ${tried}`)
    const steps = await run(host)
    const isStopped = steps.every(({ code }) => code !== undefined) && (await nobodyHasTooMuch(stage))
    for (const step of steps) tell(step, say)
    say(isStopped ? '   STOPPED.' : '   IT GOT THROUGH.')
    played.push({ title, tried, steps, isStopped })
  }
  for (const core of [first, second]) await core.stop()
  say('\nAnd then an honest host takes over, from the same disk.')
  const { isPaidToTheWei, paidWei } = await goOn(stage)
  say(`   Everybody has exactly what it earned: ${isPaidToTheWei ? 'yes' : 'NO'}, ${paidWei} wei in all.`)
  const gotThrough = played.filter(({ isStopped }) => !isStopped).length
  say(`\n${played.length} moves, ${gotThrough} got through.`)
  return { tries: played, gotThrough, isPaidToTheWei, paidWei: `${paidWei}` }
}

function tell({ what, by, code }: Step, say: (sentence: string) => void): void {
  say(`   - it ${what}: ${code ? `the ${by} answers "${code}". ${wordsOf(code)}` : `the ${by} does it.`}`)
}

/** By the contract's own registers and its balance. */
async function nobodyHasTooMuch({ world, earned }: Stage): Promise<boolean> {
  const paid = await paidOf(world)
  return (
    [...paid].every(([payee, wei]) => wei <= (earned.get(payee) ?? 0n)) &&
    sum(paid.values()) === (await totalPaid(world))
  )
}

async function paidOf({ wallet, deployment, payees }: Stage['world']): Promise<ReadonlyMap<Hex, bigint>> {
  const register = { address: deployment.treasury, abi: treasuryAbi, functionName: 'paid' } as const
  const each = payees.map(async ({ address }): Promise<[Hex, bigint]> => {
    return [address, await wallet.chain.readContract({ ...register, args: [address] })]
  })
  return new Map(await Promise.all(each))
}

/** No move may leave a state from which an honest host cannot go on. */
async function goOn(stage: Stage) {
  await stage.startHonest()
  const { world, earned, signal } = stage
  await stage.report()
  await waitFor({ what: 'not everybody is paid', timeoutMs: world.home.patienceMs, signal }, async () =>
    (await totalPaid(world)) === sum(earned.values()) ? true : undefined,
  )
  const paid = await paidOf(world)
  const isPaidToTheWei = [...earned].every(([payee, wei]) => paid.get(payee) === wei)
  return { isPaidToTheWei, paidWei: sum(paid.values()) }
}
