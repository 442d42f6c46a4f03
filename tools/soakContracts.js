// `npm run soak:contracts`: the invariants of the contracts, by 10,000,000 random calls before each generation of the broker.
// In pieces, each with a seed of its own. `--minutes N` begins no other piece after so many. What was counted so far, of the
// same contracts and tests, counts on; `--fresh` forgets it.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from './run.js'

const wanted = 10_000_000
/** Sequences of 500 calls. */
const sequences = 100

const { values } = parseArgs({ options: { minutes: { type: 'string' }, fresh: { type: 'boolean' } } })
const until = Date.now() + Number(values.minutes ?? Infinity) * 60_000
const sources = globSync('contracts/{{src,dev}/**/*,test/{Base,Payees,Invariants.t}}.sol', { cwd: root }).sort()
const of = createHash('sha256')
for (const source of sources) of.update(readFileSync(join(root, source)))
const hash = of.digest('hex')
const tallyPath = join(root, '.build/soakContracts.json')
const before = existsSync(tallyPath) && !values.fresh ? JSON.parse(readFileSync(tallyPath, 'utf8')) : {}
const tally = before.hash === hash ? before : { hash, calls: {}, seconds: 0 }

let holds = true
while (holds && Date.now() < until && !isDone()) {
  const seed = `0x${randomBytes(32).toString('hex')}`
  const begun = Date.now()
  const { ok, output } = await run('forge', ['test', '--match-contract', 'Invariants', '--fuzz-seed', seed], {
    env: { FOUNDRY_INVARIANT_RUNS: `${sequences}` },
  })
  // The forge of npm ends with 0 whatever happens.
  holds = ok && / tests? passed, 0 failed/.test(output)
  for (const [, name, calls] of output.matchAll(/for \S+:(\w+)\n\[PASS\] \w+\(\) \(runs: \d+, calls: (\d+)/g))
    tally.calls[name] = (tally.calls[name] ?? 0) + Number(calls)
  tally.seconds += Math.round((Date.now() - begun) / 1000)
  mkdirSync(join(root, '.build'), { recursive: true })
  if (holds) writeFileSync(tallyPath, JSON.stringify(tally))
  else console.error(`an invariant broke: forge test --match-contract Invariants --fuzz-seed ${seed}`)
}
console.log(JSON.stringify({ holds, wanted, calls: tally.calls, seconds: tally.seconds }))
process.exitCode = holds ? 0 : 1

function isDone() {
  const counts = Object.values(tally.calls)
  return counts.length > 0 && counts.every((calls) => calls >= wanted)
}
