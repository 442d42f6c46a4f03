// Makes package-lock.json anew from package.json (`npm run lock`) and completes it. A registry mirror that serves only one
// platform leaves the optional packages of the others out, and `npm ci` refuses such a lockfile. Their parents pin their
// exact versions, so what is missing can be written down without being fetched.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './run.js'

// In a folder of its own: what happens to be installed here must not show.
const folder = mkdtempSync(join(tmpdir(), 'bursar-lock-'))
mkdirSync(join(folder, 'client'))
for (const name of ['package.json', '.npmrc', 'client/package.json']) copyFileSync(join(root, name), join(folder, name))
const { status } = spawnSync('npm', ['install', '--package-lock-only', '--loglevel=error'], {
  cwd: folder,
  stdio: 'inherit',
})
if (status !== 0) process.exit(1)
const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
rmSync(folder, { recursive: true })

for (const [place, { optionalDependencies = {}, bundleDependencies }] of Object.entries(lock.packages)) {
  if (bundleDependencies) continue
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(place, name)) continue
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${place} does not pin ${name}`)
    lock.packages[`node_modules/${name}`] = { version, optional: true, ...platformOf(name) }
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(
  join(root, 'package-lock.json'),
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
)

/** Whether `name`, asked for by the package at `place`, is found as Node looks for it: beside it, then further up. */
function isLocked(place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at}${at ? '/' : ''}node_modules/${name}`]) return true
    if (!at) return false
  }
}

/** What npm reads from a package's own manifest; all these packages carry it in their names. */
function platformOf(name) {
  const [os] = /android|darwin|win32|linux|freebsd|openbsd|netbsd|sunos|aix|openharmony|wasi|wasm/.exec(name) ?? []
  const [cpu = 'any'] =
    /arm64|amd64|x64|ia32|armv?[67]?|riscv64|ppc64|s390x|loong64|mips64el|wasm32|universal/.exec(
      name.split(os)[1] ?? '',
    ) ?? []
  return { os: [os ?? 'none'], cpu: [cpu === 'amd64' ? 'x64' : cpu] }
}
