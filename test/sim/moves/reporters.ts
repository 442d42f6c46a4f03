/** What reporters, payees and signers send, and what a host makes of it. */
import type { SentBatch } from '../../../client/entries.ts'
import { type Hex, zeroAddress } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import {
  batchOf,
  changes,
  configurationAfter,
  type Fault,
  faults,
  faultyBatch,
  forbiddenAfter,
  preferenceOf,
  type Wish,
  wishes,
} from '../batches.ts'
import { hold } from '../broken.ts'
import { domain, firstConfiguration, keyOf, people, reporters } from '../constants.ts'
import { logged } from '../ghost.ts'
import { ask, type Instance, isPending, statusOf } from '../host.ts'
import { get } from '../model/state.ts'
import type { Random } from '../random.ts'
import { any, fateOf, report, reportTogether } from './acts.ts'
import type { Moves } from './move.ts'

const nextOf = (core: Instance, reporter: number): bigint => core.ghost.sequences.get(reporters[reporter] as Hex) ?? 0n

/** The answers that a repeat of the past can get. */
const staleCodes = ['ALREADY', 'SEQUENCE_REPEAT', 'REPORTER_CLOSED']

/** Bytes that say the same in another way, or nearly the same: a bit, a word, an end that is not there or is too long. */
function mangled(bytes: Uint8Array, random: Random): Uint8Array {
  const kind = random.below(4)
  if (kind === 0) return bytes.subarray(0, bytes.length - 1 - random.below(64))
  if (kind === 1) return Uint8Array.from([...bytes, ...new Uint8Array(1 + random.below(64))])
  const copy = Uint8Array.from(bytes)
  const at = kind === 2 ? random.below(copy.length) : 32 * random.below(copy.length / 32) + 31
  copy[at] = (copy[at] as number) ^ (kind === 2 ? 1 << random.below(8) : 0x20)
  return copy
}

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
  mangle: {
    weight: 8,
    rows: [17, 31],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(2)
      const entry = mangled(logged(batchOf(reporter, nextOf(core, reporter))).bytes, random)
      const { ok, no } = ask(core.core, 'apply_event', { entries: [entry] })
      const isRefused = no ? no.code === 'BAD_PARAMS' : ok.results[0]?.status === 'refused'
      hold('G6', isRefused, 'an entry counts whose bytes are not those that were signed')
      hold('G6', statusOf(core.core).logRoot === core.tree.root(), 'a mangled entry moved the log')
    },
  },
  reportTogether: {
    weight: 10,
    rows: [16, 17],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(2)
      const next = nextOf(core, reporter)
      const fault = faultyBatch(reporter, next, random.pick(faults) as Fault)
      const sent: readonly (readonly [SentBatch, string | undefined])[] = [
        [fault.batch, fault.code],
        [batchOf(reporter, next), undefined],
        [batchOf(reporter, next), 'ALREADY'],
        [batchOf(reporter, next + 2n), 'SEQUENCE_GAP'],
        [batchOf(1 - reporter, nextOf(core, 1 - reporter)), undefined],
        [batchOf(reporter, next + 1n), undefined],
        [batchOf(reporter, next), 'SEQUENCE_REPEAT'],
      ]
      const some = sent.slice(0, 2 + random.below(6))
      const codes = reportTogether(
        world,
        core,
        some.map(([batch]) => batch),
        fateOf(random),
      )
      const expected = some.map(([, code]) => code)
      hold('G6', `${codes}` === `${expected}`, () => `entries of one request are answered ${codes}, not ${expected}`)
    },
  },
  prefer: {
    weight: 10,
    rows: [27],
    run(world, random) {
      const core = any(world, random)
      const { ghost } = core
      const debtor = people.findIndex(({ address }) => get(ghost.debt, address) > 0n)
      const person = debtor >= 0 ? debtor : random.below(2)
      const payee = people[person]?.address as Hex
      const number = ghost.preferences.get(payee) ?? 0n
      const isReplay = number > 0n && random.oneIn(3)
      const signed = preferenceOf(person, isReplay ? number - 1n : number, random.pick(wishes) as Wish)
      const { redirect } = signed.preference
      const isInDebt = redirect !== zeroAddress && get(ghost.debt, payee) > 0n
      const expected = !ghost.earned.has(payee)
        ? 'UNKNOWN_PAYEE'
        : isReplay
          ? 'SEQUENCE_REPEAT'
          : isInDebt
            ? 'IN_DEBT'
            : undefined
      const code = report(world, core, signed)
      hold('G6', code === expected, `a preference is answered ${code}, not ${expected}`)
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
  changeFixed: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      const { signed, code } = forbiddenAfter(core.ghost.configuration, random.next())
      const got = report(world, core, signed)
      hold('G6', got === code, () => `a configuration that changes what never changes is answered ${got}`)
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
