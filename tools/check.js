// `npm run check`: all that can be said of the tree without running it. Every check runs; each fault is shown.

import { vulnerabilityFaults } from './audit.js'
import { isCurrent } from './measured.js'
import { namedTestFaults } from './namedTests.js'
import { packageFaults } from './packages.js'
import { run } from './run.js'
import { wallFaults } from './wall.js'

const checks = [
  ['format and lint', () => run('biome', ['ci', '--colors=off', '.'])],
  ['format of Solidity', () => run('forge', ['fmt', '--check'])],
  ['contracts compile', contractsCompile],
  ['types', () => run('tsc', ['-b'])],
  ['unused code', () => run('knip', ['--no-progress'])],
  ['abi/ is what the contracts say', abiIsCurrent],
  ['the wall', () => tell(wallFaults())],
  ['tests named in docs/CONTRACT.md and docs/SECURITY.md', () => tell(namedTestFaults())],
  ['packages', () => tell(packageFaults())],
  ['vulnerabilities of packages', noVulnerabilities],
  ['MEASURED.md is what is measured', measuredIsCurrent],
]

/** forge's launcher from npm ends with 0 whatever happened: an error is known by its words. */
async function contractsCompile() {
  const { ok, output } = await run('forge', ['build', '--skip', 'test'])
  return { ok: ok && !/^Error/m.test(output) }
}

async function abiIsCurrent() {
  const { ok } = await run('npm', ['run', '--silent', 'abi'])
  return ok ? run('git', ['diff', '--exit-code', '--stat', '--', 'abi']) : { ok }
}

async function noVulnerabilities() {
  const faults = await vulnerabilityFaults()
  if (!faults)
    console.error('skipped: the registry does not say what it knows of vulnerabilities. Elsewhere: npm audit')
  return tell(faults ?? [])
}

async function measuredIsCurrent() {
  const ok = await isCurrent()
  if (!ok) console.error('MEASURED.md is out of date: npm run measured')
  return { ok }
}

function tell(faults) {
  for (const fault of faults) console.error(fault)
  return { ok: faults.length === 0 }
}

const failed = []
for (const [name, check] of checks) {
  console.log(`\n== ${name}`)
  if (!(await check()).ok) failed.push(name)
}
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
