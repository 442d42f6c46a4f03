// `npm test`: the contracts' tests by forge, all others by vitest, enclaves in emulation where the emulator is built; the
// last line counts them all. Forge computes beside vitest, which waits for processes much of its time, and gives way to it.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { isEmulatorBuilt } from '../anvil/emulator/testImage.ts'
import { ensureChromium } from './chromium.js'
import { root, run } from './run.js'

ensureChromium()
mkdirSync(join(root, '.build'), { recursive: true })

const hasEmulator = isEmulatorBuilt()
const contracts = runForge()
const tiers = [
  await runVitest('vitest'),
  await contracts,
  ...(hasEmulator ? [await runVitest('enclave', '--config', 'test/enclave/vitest.config.ts')] : []),
]
const passed = tiers.reduce((sum, tier) => sum + tier.passed, 0)
const failed = tiers.reduce((sum, tier) => sum + tier.failed, 0)
if (!hasEmulator)
  console.log(
    '\nskipped: the core in an emulated enclave. Build the emulator once with npm run emulator, then npm run test:enclave.',
  )
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** forge's launcher from npm ends with 0 whatever happened: only its count is believed. */
async function runForge() {
  const giveWay = ({ pid }) => setPriority(pid, constants.priority.PRIORITY_LOW)
  const { ok, output } = await run('forge', ['test'], { isQuiet: true, onStart: giveWay })
  process.stdout.write(output)
  const [, passed, failed] = /(\d+) tests? passed, (\d+) failed/.exec(output) ?? []
  return { passed: Number(passed ?? 0), failed: Math.max(Number(failed ?? 0), ok && passed !== undefined ? 0 : 1) }
}

/** A suite that could not run is a failure even where no test of it was counted. */
async function runVitest(name, ...args) {
  const report = join(root, '.build', `${name}.json`)
  rmSync(report, { force: true })
  const { ok } = await run('vitest', [
    'run',
    ...args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  const { numPassedTests = 0, numFailedTests = 0, numFailedTestSuites = 0 } = readReport(report)
  return { passed: numPassedTests, failed: Math.max(numFailedTests, ok ? 0 : 1, numFailedTestSuites > 0 ? 1 : 0) }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    console.error(`vitest left no report: ${cause.message}`)
    return {}
  }
}
