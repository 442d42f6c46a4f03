// Every package of the lockfile: known by a hash of its content, and under a licence that goes with ours.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.js'

const licences = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'MIT OR Apache-2.0']
/** Only where nothing of it is shipped or linked: tools of the build and of tests, and Rust's usual pair of licences in one. */
const licencesOfTools = ['MPL-2.0', '(Apache-2.0 AND MIT)', '(MIT AND Zlib)']
/** Says its licence (MIT) in its README alone. */
const withoutLicence = ['node_modules/memorystream']

/** One sentence for each package that is not as it has to be. */
export function packageFaults(lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  return Object.entries(lock.packages).flatMap(([place, entry]) => (isOurs(place, entry) ? [] : faultsOf(place, entry)))
}

/** The root, client/, and the link to it under its public name. */
const isOurs = (place, { link, resolved }) => place === '' || place === 'client' || (link && resolved === 'client')

function faultsOf(place, { integrity, resolved, license, dev, optional }) {
  // Written down for other platforms by tools/lock.js without being fetched: npm takes the hash with the package itself.
  if (optional && !resolved && !integrity && !license) return []
  const faults = []
  if (!/^sha512-/.test(integrity ?? '')) faults.push(`${place} has no sha512 integrity`)
  // .npmrc leaves out where packages of the registry are: one that names a place is from elsewhere.
  if (resolved) faults.push(`${place} does not come from the registry`)
  const isKnown =
    licences.includes(license) || (dev && licencesOfTools.includes(license)) || withoutLicence.includes(place)
  if (!isKnown) faults.push(`${place} has the licence ${license}`)
  return faults
}
