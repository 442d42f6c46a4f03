// `npm test`: the contracts' tests by forge, all others by vitest; the last line counts them all.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.js'

const report = join(root, '.build', 'vitest.json')
mkdirSync(join(root, '.build'), { recursive: true })
rmSync(report, { force: true })

const forge = await run('forge', ['test'])
// forge's launcher from npm ends with 0 whatever happened: only its count is believed.
const counts = /(\d+) tests? passed, (\d+) failed/.exec(forge.output)
const vitest = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
const { numPassedTests = 0, numFailedTests = 0, numFailedTestSuites = 0 } = readReport()

const passed = Number(counts?.[1] ?? 0) + numPassedTests
// A suite that could not run is a failure even where no test of it was counted.
const failed = Math.max(
  Number(counts?.[2] ?? 0) + numFailedTests,
  counts && forge.ok && vitest.ok ? 0 : 1,
  numFailedTestSuites > 0 ? 1 : 0,
)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch (cause) {
    console.error(`vitest left no report: ${cause.message}`)
    return {}
  }
}
