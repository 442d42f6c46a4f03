// Breaks the contracts in every small way, one at a time, and asks the tests whether they notice.
// `--only TEXT` takes those whose name contains it, `--minutes N` begins no other after so many, and `--continue` goes on
// from `.build/mutate/fates.json`: with what was not tried yet, and once more with what lived.
// Mutants that no test can tell apart are listed in tools/mutantsOfContracts.txt, each with its reason; no other may live.
//
// Tests are compiled once: they deploy what lies in forge's folder of artifacts, and each mutant is laid there, the
// original first. That it is the mutant that runs is checked by the tests themselves, each time they deploy.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { mutantsOf } from './mutants.js'
import { root } from './run.js'

const require = createRequire(import.meta.url)
const solc = require('solc')
// Not the package's launcher, which is a process more and ends with 0 whatever happens.
const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
const forge = join(require.resolve(`@foundry-rs/forge-${platform}/package.json`), '../bin/forge')
const home = join(root, '.build/mutate')
const fatesPath = join(home, 'fates.json')
const files = ['Treasury', 'Vault', 'Bucket', 'Anchor', 'Timelock'].map((name) => `contracts/src/${name}.sol`)
const outlived = 'outlived the quick tests'
/** Most mutants die of the quick tests; only what outlives those meets all. Gas says nothing of a mutant. */
const rounds = [
  {
    name: 'quick',
    without: ['Gas', 'Invariants', 'TicketBroker', 'V3', 'Vectors'],
    fuzzRuns: '8',
    fateOfLiving: outlived,
  },
  { name: 'all', without: ['Gas', 'TicketBroker'], fuzzRuns: '256', fateOfLiving: 'lived' },
]
const packages = ['@openzeppelin/contracts', '@layerzerolabs/toolbox-foundry'].map((it) => `node_modules/${it}`)
const jobs = 2

const { values } = parseArgs({
  options: { only: { type: 'string' }, minutes: { type: 'string' }, continue: { type: 'boolean' } },
})
const until = Date.now() + Number(values.minutes ?? Infinity) * 60_000
const reviewed = readFileSync(join(root, 'tools/mutantsOfContracts.txt'), 'utf8').split('\n')
const fates = values.continue && existsSync(fatesPath) ? JSON.parse(readFileSync(fatesPath, 'utf8')) : {}
const original = compile(files[0], sourceOf(files[0]))
const mutants = files.flatMap(mutantsIn).filter(({ title }) => title.includes(values.only ?? ''))
mkdirSync(home, { recursive: true })
for (const { title } of mutants) if (fates[title] === 'lived') delete fates[title]
await runRound(
  rounds[0],
  mutants.filter(({ title }) => !fates[title]),
)
await runRound(
  rounds[1],
  mutants.filter(({ title }) => fates[title] === outlived),
)

const counts = {}
for (const { title } of mutants) {
  const fate = reviewed.includes(title) && fates[title] === 'lived' ? 'reviewed' : (fates[title] ?? 'not tried')
  counts[fate] = (counts[fate] ?? 0) + 1
  if (fate === 'lived') console.log(`LIVED ${title}`)
}
console.log(JSON.stringify({ of: mutants.length, ...counts }))
process.exitCode = counts.lived ? 1 : 0

/** Lines that are broken alike bear a number, in the order in which they stand. */
function mutantsIn(file) {
  const lines = sourceOf(file).split('\n')
  const seen = new Map()
  return lines.flatMap((before, i) =>
    mutantsOf(before).map(({ name, line }) => {
      const text = `${file.replace('contracts/src/', '')} ${name}: ${before.trim()}`
      const times = (seen.get(text) ?? 0) + 1
      seen.set(text, times)
      return { file, title: times > 1 ? `${text} #${times}` : text, source: lines.with(i, line).join('\n') }
    }),
  )
}

/** Tries these, as far as there is time. */
async function runRound({ name, without, fuzzRuns, fateOfLiving }, queue) {
  const waiting = [...queue]
  if (waiting.length === 0 || Date.now() >= until) return
  const copies = Array.from({ length: jobs }, (_, i) => join(home, `${name}${i}`))
  makeCopy(copies[0], without)
  // Compiles them, too. Whatever they find there, it is not nothing: they must say so.
  const compiled = await forgeTest(copies[0], { code: '0x', fuzzRuns })
  if (!compiled.includes('not the mutant')) throw new Error(`the tests run whatever there is: ${compiled}`)
  if (await testsPass(copies[0], { code: '0xfe', fuzzRuns })) throw new Error('the tests deploy something else')
  if (!(await testsPass(copies[0], { code: original, fuzzRuns }))) throw new Error('the tests fail without any mutant')
  for (const copy of copies.slice(1)) {
    rmSync(copy, { recursive: true, force: true })
    cpSync(copies[0], copy, { recursive: true, preserveTimestamps: true })
  }
  await Promise.all(copies.map(work))

  /** Takes mutants from the queue, in a copy of its own, until there are none. */
  async function work(copy) {
    for (let mutant = waiting.shift(); mutant && Date.now() < until; mutant = waiting.shift()) {
      mutant.code ??= compile(mutant.file, mutant.source)
      const fate = await fateIn(copy, mutant.code, { fuzzRuns, fateOfLiving })
      fates[mutant.title] = fate
      console.log(`${name} ${fate} ${mutant.title}`)
      writeFileSync(fatesPath, JSON.stringify(fates, null, 2))
    }
  }
}

async function fateIn(copy, code, { fuzzRuns, fateOfLiving }) {
  if (!code) return 'does not compile'
  if (code === original) return 'same code'
  return (await testsPass(copy, { code, fuzzRuns })) ? fateOfLiving : 'killed'
}

/** What was compiled in it before stays: forge compiles what has changed since. */
function makeCopy(copy, without) {
  for (const path of ['foundry.toml', 'contracts', 'test/vectors', ...packages]) {
    rmSync(join(copy, path), { recursive: true, force: true })
    cpSync(join(root, path), join(copy, path), { recursive: true })
  }
  for (const folder of ['prove', 'script']) rmSync(join(copy, 'contracts', folder), { recursive: true })
  for (const name of without) rmSync(join(copy, `contracts/test/${name}.t.sol`))
  const base = join(copy, 'contracts/test/Base.sol')
  const deploys = 'treasury = new Treasury(_terms());'
  const check = 'require(keccak256(vm.getCode("Treasury.sol:Treasury")) == vm.envBytes32("MUTANT"), "not the mutant");'
  writeFileSync(base, readFileSync(base, 'utf8').replace(deploys, `${check} ${deploys}`))
}

function sourceOf(path) {
  return readFileSync(join(root, path), 'utf8')
}

/** @returns the creation code of the treasury with one file of it replaced; undefined if that does not compile */
function compile(file, source) {
  const read = (path) => {
    if (path === file) return { contents: source }
    const found = [join(root, path), join(root, 'node_modules', path)].find((it) => existsSync(it))
    return found ? { contents: readFileSync(found, 'utf8') } : { error: 'not found' }
  }
  const main = files[0]
  const input = {
    language: 'Solidity',
    sources: { [main]: { content: read(main).contents } },
    settings: { evmVersion: 'prague', outputSelection: { [main]: { Treasury: ['evm.bytecode.object'] } } },
  }
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input), { import: read }))
  const code = contracts?.[main]?.Treasury?.evm.bytecode.object
  return code && `0x${code}`
}

/** @throws Error where not this code was tested, or nothing */
async function testsPass(copy, { code, fuzzRuns }) {
  const path = join(copy, '.build/forge/out/Treasury.sol/Treasury.json')
  const artifact = JSON.parse(readFileSync(path, 'utf8'))
  artifact.bytecode.object = code
  writeFileSync(path, JSON.stringify(artifact))
  const output = await forgeTest(copy, { code, fuzzRuns })
  const [, failed] = / tests? passed, (\d+) failed/.exec(output) ?? []
  if (failed === undefined || output.includes('not the mutant') || !output.includes('compilation skipped'))
    throw new Error(`forge did not test this code: ${output}`)
  return failed === '0'
}

function forgeTest(copy, { code, fuzzRuns }) {
  const hash = Buffer.from(keccak_256(Buffer.from(code.slice(2), 'hex'))).toString('hex')
  // No filter of tests: with one, forge compiles everything once more to see which tests there are.
  const child = spawn(forge, ['test', '--fail-fast'], {
    cwd: copy,
    env: {
      ...process.env,
      FOUNDRY_PROFILE: 'mutate',
      FOUNDRY_SOLC: join(root, 'tools/solc'),
      FOUNDRY_FUZZ_RUNS: fuzzRuns,
      MUTANT: `0x${hash}`,
    },
  })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return new Promise((resolve) => child.on('close', () => resolve(output)))
}
