// Installs what the lockfile names, if that is not what is installed. Runs under any Node from 20 on, before anything else exists.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Brings `node_modules` to the lockfile. What it says goes to stderr: stdout belongs to the command that follows. */
export function setUp() {
  if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or later is needed, this is ${process.version}.`)
  const stamp = join(root, 'node_modules', '.bursar-lock')
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return

  console.error('Bursar: installing what package-lock.json names (once, under a minute) ...')
  const npm = process.env.npm_execpath
  const [command, ...before] = npm ? [process.execPath, npm] : ['npm']
  const { status, error } = spawnSync(command, [...before, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (error || status !== 0) fail('npm ci failed: see above. It needs a connection to your npm registry.')
  if (!existsSync(join(root, 'node_modules', '.bin', 'node')))
    fail(`No Node 24 comes with the lockfile for ${process.platform}-${process.arch}. Linux on x64 is supported.`)
  rmSync(stamp, { force: true })
  writeFileSync(stamp, lock)
}

function fail(sentence) {
  console.error(`Bursar: ${sentence}`)
  process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp()
