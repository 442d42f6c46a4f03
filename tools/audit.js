// What npm's registry knows of vulnerabilities in the packages of the lockfile. A registry that does not answer this
// question (a mirror, or none at all) is no fault of the tree: that it was not asked is said, and it counts as nothing found.
import { execFile } from 'node:child_process'
import { root } from './run.js'

/** Below this it waits for the next update of the packages. */
const harmless = ['info', 'low']

/** One sentence for each vulnerable package; undefined where the registry does not say. `folder` holds a package-lock.json. */
export async function vulnerabilityFaults(folder = root, ...options) {
  const report = await audit(folder, options)
  if (report?.auditReportVersion !== 2) return undefined
  return Object.values(report.vulnerabilities)
    .filter(({ severity }) => !harmless.includes(severity))
    .map(({ name, severity, range, via }) => `${name} ${range} (${severity}): ${via.map(reasonOf).join(', ')}`)
}

const reasonOf = (via) => (typeof via === 'string' ? `by ${via}` : via.url)

/** npm ends with 1 where it found something, and where it could not ask: what it printed tells the two apart. */
function audit(cwd, options) {
  const args = ['audit', '--json', '--package-lock-only', ...options]
  return new Promise((resolve) => {
    execFile('npm', args, { cwd, maxBuffer: 64 * 2 ** 20 }, (_, stdout) => resolve(parse(stdout)))
  })
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // npm itself failed: it did not ask
  }
}
