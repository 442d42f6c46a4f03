// Proves what contracts/prove asserts, for every sequence of calls: solc's model checker (CHC) states it, Debian's z3 solves
// it. Each proof is tried once more with a fault put in, and must then fail.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const solc = createRequire(import.meta.url)('solc')
const root = fileURLToPath(new URL('..', import.meta.url))
const proofs = [
  {
    name: 'WindowProof',
    file: 'contracts/src/Bucket.sol',
    right: 'elapsed * leak / window',
    wrong: 'elapsed * leak * 2 / window',
  },
  {
    name: 'HeadProof',
    file: 'contracts/prove/HeadProof.sol',
    right: 'require(b == boot)',
    wrong: 'require(b != prev)',
  },
]
const secondsMax = 120

if (spawnSync('z3', ['--version']).error) {
  console.error('z3 is not installed: apt install z3')
  process.exit(1)
}
let failed = 0
for (const { name, file, right, wrong } of proofs) {
  const sound = prove(name)
  report(sound.safe > 0 && sound.unsafe === 0, `${name}: ${sound.safe} assertions hold, ${sound.unsafe} do not`)
  const broken = prove(name, (path, source) => (path === file ? source.replace(right, wrong) : source))
  report(broken.unsafe > 0, `${name} with "${wrong}": ${broken.unsafe} assertions fail, as they must`)
}
process.exitCode = failed === 0 ? 0 : 1

function report(ok, text) {
  if (!ok) failed++
  console.log(`${ok ? 'ok' : 'FAILED'} ${text}`)
}

/** How many assertions the solver proved, and how many it refuted or could not decide. */
function prove(name, change = (_, source) => source) {
  const main = `contracts/prove/${name}.sol`
  const read = (path) => {
    if (!existsSync(root + path)) return { error: 'not found' }
    return { contents: change(path, readFileSync(root + path, 'utf8')) }
  }
  const input = {
    language: 'Solidity',
    sources: { [main]: { content: read(main).contents } },
    settings: {
      modelChecker: {
        engine: 'chc',
        solvers: ['smtlib2'],
        targets: ['assert'],
        showProvedSafe: true,
        showUnproved: true,
      },
      outputSelection: { '*': { '*': ['abi'] } },
    },
  }
  const smtSolver = (query) => {
    const { stdout } = spawnSync('z3', ['-in', `-T:${secondsMax}`], { input: query, encoding: 'utf8' })
    return { contents: stdout }
  }
  const { errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: read, smtSolver }))
  const error = errors.find(({ severity }) => severity === 'error')
  if (error) throw new Error(error.formattedMessage)
  const said = errors.map(({ message }) => message).filter((it) => it.startsWith('CHC: Assertion violation'))
  const safe = said.filter((it) => it.includes('check is safe')).length
  return { safe, unsafe: said.length - safe }
}
