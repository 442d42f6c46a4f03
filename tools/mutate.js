// Breaks the contracts in every small way, one at a time, and asks the tests whether they notice.
// Prints the fate of each. `--only TEXT` takes those whose name contains it. Takes about an hour on two cores.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const copy = `${root}.build/mutate`
const files = ['Anchor', 'Vault', 'Treasury', 'Timelock'].map((name) => `src/${name}.sol`)
const guards = /\b(nonReentrant|onlyOwner|onlyGuardian|onlySelf|unlessFrozen|unlessHalted)\b/g
const flips = { '<': ['>=', '<='], '>': ['<=', '>='], '<=': ['>', '<'], '>=': ['<', '>'], '==': ['!='], '!=': ['=='] }

/** All mutants of one line: name and the line as it becomes. */
function mutantsOf(line) {
  const code = line.replace(/\/\/.*$/, '')
  if (/^\s*(\*|\/\*|error |event |import |modifier |pragma )/.test(code)) return []
  const found = []
  const change = (name, at, length, text) =>
    found.push({ name, line: line.slice(0, at) + text + line.slice(at + length) })
  const condition = /\bif \((.*?)\)( revert| return|;| \{|$)/.exec(code)
  if (condition) change('never', condition.index + 4, condition[1].length, 'false')
  if (/^\s*require\(.*\);/.test(code)) found.push({ name: 'no require', line: '' })
  if (!/^\s*(function|error|event)/.test(code) || /\{$/.test(code)) {
    for (const it of code.matchAll(guards)) {
      if (!/^\s*(if|modifier)/.test(code)) change(`without ${it[0]}`, it.index, it[0].length, '')
    }
  }
  for (const it of code.matchAll(/ (<=|>=|==|!=|<|>) /g)) {
    for (const op of flips[it[1]]) change(`${it[1]} to ${op}`, it.index + 1, it[1].length, op)
  }
  return found
}

function forgePasses() {
  const { stdout } = spawnSync(
    `${root}node_modules/.bin/forge`,
    ['test', '--fail-fast', '--no-match-contract', 'V3', '--no-match-test', 'mole'],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: 300_000,
      env: {
        ...process.env,
        PATH: `${root}node_modules/.bin:${process.env.PATH}`,
        FOUNDRY_SRC: '.build/mutate/contracts/src',
        FOUNDRY_TEST: '.build/mutate/contracts/test',
        FOUNDRY_OUT: '.build/mutate/out',
        FOUNDRY_CACHE_PATH: '.build/mutate/cache',
        // Half the time to compile; the one test that needs optimized code is left out.
        FOUNDRY_OPTIMIZER: 'false',
        FOUNDRY_DYNAMIC_TEST_LINKING: 'true',
        FOUNDRY_FUZZ_RUNS: '32',
      },
    },
  )
  // The forge of npm ends with 0 whatever happens.
  return / tests passed, 0 failed/.test(stdout)
}

rmSync(`${copy}/contracts`, { recursive: true, force: true })
cpSync(`${root}contracts`, `${copy}/contracts`, { recursive: true })
// What these hold is in the others too, and each file costs seconds to compile.
for (const file of [
  'script',
  'test/Deploy.t.sol',
  'test/Gas.t.sol',
  'test/Invariants.t.sol',
  'test/TicketBroker.t.sol',
  'test/Vectors.t.sol',
])
  rmSync(`${copy}/contracts/${file}`, { recursive: true })
if (!forgePasses()) throw new Error('the tests fail without any mutant')

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : ''
const counts = { killed: 0, lived: 0 }
for (const file of files) {
  const path = `${copy}/contracts/${file}`
  const source = readFileSync(path, 'utf8')
  const lines = source.split('\n')
  const mutants = lines.flatMap((line, i) => mutantsOf(line).map((it) => ({ ...it, i })))
  for (const { name, line, i } of mutants) {
    const title = `${file}:${i + 1} ${name}: ${lines[i].trim()}`
    if (!title.includes(only)) continue
    writeFileSync(path, lines.with(i, line).join('\n'))
    const fate = forgePasses() ? 'lived' : 'killed'
    counts[fate]++
    console.log(`${fate} ${title}`)
  }
  writeFileSync(path, source)
}
console.log(JSON.stringify(counts))
process.exitCode = counts.lived === 0 ? 0 : 1
