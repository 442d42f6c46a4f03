// Breaks the contracts in every small way, one at a time, and asks the tests whether they notice. Prints the fate of each,
// and writes it to `.build/mutate/fates.json`, from where `--continue` goes on. `--only TEXT` takes those whose name contains
// it, `--jobs N` works on so many at once. What does not compile is no mutant.
//
// The tests are compiled once: they deploy what lies in forge's folder of artifacts, and each mutant is laid there.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mutantsOf } from './mutants.js'

const solc = createRequire(import.meta.url)('solc')
const root = fileURLToPath(new URL('..', import.meta.url))
const fatesPath = `${root}.build/mutate/fates.json`
const files = ['Treasury', 'Vault', 'Bucket', 'Anchor', 'Timelock'].map((name) => `src/${name}.sol`)
/** What these hold is in the others too, and each file costs seconds to compile. */
const leftOut = [
  'script',
  ...['Deploy', 'Gas', 'Invariants', 'TicketBroker', 'Vectors'].map((it) => `test/${it}.t.sol`),
]
/** Most mutants die of the quick tests; only what outlives those meets the slow ones. */
const slow = 'allOrNothing|Thousand|testFuzz|sixtyBombs'
/** Needs optimized code. */
const neverRun = 'mole'
const rounds = [
  ['--no-match-contract', 'V3', '--no-match-test', `${slow}|${neverRun}`],
  ['--no-match-contract', 'V3', '--match-test', slow],
]

const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string' }, continue: { type: 'boolean' } },
})
const fates = values.continue && existsSync(fatesPath) ? JSON.parse(readFileSync(fatesPath, 'utf8')) : {}
const queue = files.flatMap(mutantsIn).filter(({ title }) => title.includes(values.only ?? '') && !fates[title])
await Promise.all(Array.from({ length: Number(values.jobs ?? 1) }, (_, i) => work(`${root}.build/mutate/${i}`)))

const counts = {}
for (const fate of Object.values(fates)) counts[fate] = (counts[fate] ?? 0) + 1
console.log(JSON.stringify(counts))
process.exitCode = counts.lived ? 1 : 0

function mutantsIn(file) {
  const lines = readFileSync(`${root}contracts/${file}`, 'utf8').split('\n')
  return lines.flatMap((before, i) =>
    mutantsOf(before).map(({ name, line }) => ({
      file,
      title: `${file} ${name}: ${before.trim()} (line ${i + 1})`,
      source: lines.with(i, line).join('\n'),
    })),
  )
}

/** Takes mutants from the queue, in a copy of its own, until there are none. */
async function work(copy) {
  rmSync(copy, { recursive: true, force: true })
  cpSync(`${root}contracts`, `${copy}/contracts`, { recursive: true })
  for (const path of leftOut) rmSync(`${copy}/contracts/${path}`, { recursive: true })
  if ((await fateIn(copy)) !== 'lived') throw new Error('the tests fail without any mutant')
  const artifactPath = `${copy}/out/Treasury.sol/Treasury.json`
  const artifact = JSON.parse(readFileSync(artifactPath, 'utf8'))
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const code = compile(mutant)
    if (code) {
      artifact.bytecode.object = `0x${code}`
      writeFileSync(artifactPath, JSON.stringify(artifact))
    }
    const fate = code ? await fateIn(copy) : 'does not compile'
    fates[mutant.title] = fate
    console.log(`${fate} ${mutant.title}`)
    writeFileSync(fatesPath, JSON.stringify(fates, null, 2))
  }
}

/** @returns the creation code of the treasury with one file of it replaced; undefined if that does not compile */
function compile({ file, source }) {
  const read = (path) => {
    if (path === `contracts/${file}`) return { contents: source }
    const found = [root + path, `${root}node_modules/${path}`].find((it) => existsSync(it))
    return found ? { contents: readFileSync(found, 'utf8') } : { error: 'not found' }
  }
  const main = 'contracts/src/Treasury.sol'
  const input = {
    language: 'Solidity',
    sources: { [main]: { content: read(main).contents } },
    settings: { evmVersion: 'prague', outputSelection: { [main]: { Treasury: ['evm.bytecode.object'] } } },
  }
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input), { import: read }))
  return contracts?.[main]?.Treasury?.evm.bytecode.object
}

async function fateIn(copy) {
  for (const round of rounds) {
    // The forge of npm ends with 0 whatever happens; without a count of failures no test has killed anything.
    const output = await forgeTest(copy, round)
    const [, failed] = / tests? passed, (\d+) failed/.exec(output) ?? []
    if (failed === undefined) throw new Error(`forge ran no tests: ${output}`)
    if (failed !== '0') return 'killed'
  }
  return 'lived'
}

function forgeTest(copy, args) {
  const folder = copy.slice(root.length)
  const child = spawn(`${root}node_modules/.bin/forge`, ['test', '--fail-fast', ...args], {
    cwd: root,
    timeout: 600_000,
    env: {
      ...process.env,
      PATH: `${root}node_modules/.bin:${process.env.PATH}`,
      FOUNDRY_SRC: `${folder}/contracts/src`,
      FOUNDRY_TEST: `${folder}/contracts/test`,
      FOUNDRY_OUT: `${folder}/out`,
      FOUNDRY_CACHE_PATH: `${folder}/cache`,
      FOUNDRY_OPTIMIZER: 'false',
      FOUNDRY_DYNAMIC_TEST_LINKING: 'true',
      FOUNDRY_FUZZ_RUNS: '32',
    },
  })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return new Promise((resolve) => child.on('close', () => resolve(output)))
}
