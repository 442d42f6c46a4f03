/**
 * Debian's packages as inputs of a build: named by exact version, believed by hash alone, kept in the cache. They are
 * asked for with package lists of our own, so that nothing is installed and the machine's own lists do not matter.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { sha256File } from './hashes.ts'
import { findMirror } from './mirror.ts'

/** Everything that takes long to build or fetch; may be deleted at any time. `BURSAR_CACHE` names another folder. */
export const cache = process.env.BURSAR_CACHE ?? join(homedir(), '.cache', 'bursar')

/** One file that a package list of Debian knows. */
export interface DebianFile {
  /** Name of the package. */
  readonly name: string
  readonly version: string
  readonly sha256: string
  /** The file, where a source package has several; `source` then names none of Debian's binary packages. */
  readonly file?: string
}

/** The path of the file in the cache, fetched if it is not there. @throws Error where Debian has it no more, or its hash is another */
export function fetchDebian(wanted: DebianFile): string {
  const { name, version, sha256, file = `${name}_${version}.deb` } = wanted
  const path = join(cache, 'debian', file.replaceAll(':', '%3a'))
  if (!existsSync(path)) download(wanted, path)
  const got = sha256File(path)
  if (got === sha256) return path
  throw new Error(
    `${path} has SHA-256 ${got}, wanted is ${sha256}: delete it, or put the right ${name} ${version} there`,
  )
}

/** Unpacks a binary package into a folder of the cache of its own. @returns the folder */
export function unpackDebian(wanted: DebianFile): string {
  const deb = fetchDebian(wanted)
  const folder = join(cache, 'unpacked', wanted.sha256)
  if (existsSync(folder)) return folder
  mkdirSync(join(cache, 'unpacked'), { recursive: true })
  const fresh = mkdtempSync(`${folder}-`)
  execute('dpkg-deb', ['-x', deb, fresh])
  renameSync(fresh, folder)
  return folder
}

/** Installs what is missing of the packages that a build needs. @throws Error with the command where we are not root */
export function installDebian(names: readonly string[]): void {
  const missing = names.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing]
  if (process.getuid?.() !== 0) throw new Error(`Debian's packages are missing. As root: ${command.join(' ')}`)
  console.error(`Bursar: installing ${missing.join(' ')}`)
  execute('apt-get', ['update'])
  execute('apt-get', command.slice(1))
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  return /^Status: .* installed$/m.test(stdout ?? '')
}

/** Runs a program to its end; what it prints goes to stderr. @throws Error if it fails */
export function execute(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  const { status, error } = spawnSync(file, args, { stdio: ['ignore', 2, 2], ...options })
  if (error || status !== 0) throw new Error(`${file} ${args.join(' ')} failed`, { cause: error })
}

function download({ name, version, file }: DebianFile, path: string): void {
  mkdirSync(join(cache, 'debian'), { recursive: true })
  const sources = suites()
  const folder = mkdtempSync(join(cache, 'fetch-'))
  try {
    const options = ownLists(folder, sources)
    execute('apt-get', [...options, 'update'], { cwd: folder })
    const what = file ? ['source', '--download-only', `${name}=${version}`] : ['download', `${name}=${version}`]
    execute('apt-get', [...options, ...what], { cwd: folder })
    const got = readdirSync(folder).find((entry) => (file ? entry === file : entry.endsWith('.deb')))
    if (!got) throw new Error(`${name} ${version} holds no ${file}`)
    copyFileSync(join(folder, got), path)
  } catch (cause) {
    const help = `older versions are in Debian's snapshot archive: put the file at ${path}`
    throw new Error(`Debian's mirror does not give ${name} ${version}; ${help}`, { cause })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Newer QEMU and kernel than the release's own, and the versions of its libraries that only its security updates have. */
function suites(): string[] {
  const { archive, security } = findMirror()
  return [
    `deb ${archive} bookworm main`,
    `deb ${archive} bookworm-backports main`,
    `deb-src ${archive} trixie main`,
    ...(security ? [`deb ${security} bookworm-security main`] : []),
  ]
}

function ownLists(folder: string, sources: readonly string[]): string[] {
  for (const place of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, place), { recursive: true })
  writeFileSync(join(folder, 'sources.list'), `${sources.join('\n')}\n`)
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': folder,
    'APT::Sandbox::User': 'root',
  }
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}
