/** What reporters, payees and signers send, and what a host makes of it. */
import type { Hex } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import { batchOf, changes, configurationAfter, faults, faultyBatch, preferenceOf } from '../batches.ts'
import { hold } from '../broken.ts'
import { domain, firstConfiguration, keyOf, reporters } from '../constants.ts'
import { logged } from '../ghost.ts'
import { type Instance, isPending } from '../host.ts'
import { any, fateOf, report } from './acts.ts'
import type { Moves } from './move.ts'

const nextOf = (core: Instance, reporter: number): bigint => core.ghost.sequences.get(reporters[reporter] as Hex) ?? 0n

/** The answers that a repeat of the past can get. */
const staleCodes = ['ALREADY', 'SEQUENCE_REPEAT', 'REPORTER_CLOSED']

export const reporterMoves: Moves = {
  report: {
    weight: 100,
    rows: [16],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(3)
      const code = report(world, core, batchOf(reporter, nextOf(core, reporter)), fateOf(random))
      const isClosed = !core.ghost.configuration.reporters.some((listed) => listed.reporter === reporters[reporter])
      const expected = isClosed ? ['REPORTER_CLOSED'] : reporter === 2 ? [undefined, 'BUDGET_EXCEEDED'] : [undefined]
      hold('G6', expected.includes(code), `the next batch of a reporter is answered ${code}`)
    },
  },
  steal: {
    weight: 12,
    rows: [19],
    run(world, random) {
      const core = any(world, random)
      const code = report(world, core, batchOf(2, nextOf(core, 2), 1 + random.below(3)))
      hold(
        'G9',
        [undefined, 'BUDGET_EXCEEDED', 'REPORTER_CLOSED'].includes(code),
        `a stolen key's batch is refused as ${code}`,
      )
    },
  },
  replay: {
    weight: 25,
    rows: [17],
    run(world, random) {
      const core = any(world, random)
      const past = core.log.filter(({ entry }) => 'batch' in entry)
      const chosen = random.pick(past)
      if (!chosen) return
      const code = report(world, core, chosen.entry)
      hold('G6', staleCodes.includes(code ?? ''), `a batch that counted before is answered ${code}`)
    },
  },
  skipAhead: {
    weight: 8,
    rows: [17],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(3)
      const code = report(world, core, batchOf(reporter, nextOf(core, reporter) + 1n + BigInt(random.below(3))))
      hold('G6', ['SEQUENCE_GAP', 'REPORTER_CLOSED'].includes(code ?? ''), `a batch after a gap is answered ${code}`)
    },
  },
  junk: {
    weight: 10,
    rows: [17, 18],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(2)
      const { batch, code } = faultyBatch(
        reporter,
        nextOf(core, reporter),
        faults[random.below(faults.length)] as never,
      )
      const got = report(world, core, batch)
      hold('G6', got === code, `a batch that is refused as ${code} is answered ${got}`)
    },
  },
  prefer: {
    weight: 5,
    rows: [27],
    run(world, random) {
      const core = any(world, random)
      const person = random.below(2)
      const wish = preferenceOf(person, 0n).preference
      const number = core.ghost.preferences.get(wish.payee) ?? 0n
      const isReplay = number > 0n && random.oneIn(3)
      const code = report(world, core, preferenceOf(person, isReplay ? number - 1n : number))
      if (isReplay) hold('G6', code === 'SEQUENCE_REPEAT', `an old preference is answered ${code}`)
      else hold('G6', [undefined, 'UNKNOWN_PAYEE', 'IN_DEBT'].includes(code), `a preference is answered ${code}`)
    },
  },
  configure: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      const change = changes[random.below(changes.length)] as (typeof changes)[number]
      const signed = configurationAfter(core.ghost.configuration, firstConfiguration, change)
      const one = logged(signed)
      const before = core.ghost.configHash
      hold('G6', report(world, core, signed) === undefined, 'a configuration of its signers is refused')
      world.configurations.set(core.ghost.configHash, one)
      hold('G6', before !== core.ghost.configHash, 'a configuration changed nothing')
    },
  },
  forgeConfiguration: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      // A log that a new key still replays is as good as the root that covers it.
      if (isPending(core)) return
      const change = changes[random.below(changes.length)] as (typeof changes)[number]
      const { configuration } = configurationAfter(core.ghost.configuration, firstConfiguration, change)
      const forged = random.oneIn(2) ? [] : [signHash(digest(domain, 'Configuration', configuration), keyOf(0x66))]
      const code = report(world, core, { configuration, signatures: forged })
      hold('G6', code === 'WRONG_SIGNERS', `a configuration that its signers did not sign is answered ${code}`)
    },
  },
  replayConfiguration: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      const old = random.pick(core.log.filter(({ entry }) => 'configuration' in entry))
      if (!old || !('configuration' in old.entry)) return
      const forged = {
        ...old.entry,
        signatures: [signHash(digest(domain, 'Configuration', old.entry.configuration), keyOf(0x66))],
      }
      const code = report(world, core, random.oneIn(2) ? forged : old.entry)
      hold(
        'G6',
        code === 'WRONG_SIGNERS' || code === 'WRONG_VERSION',
        `an old or forged configuration is answered ${code}`,
      )
    },
  },
}
