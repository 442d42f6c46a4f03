/** The command as a process: killed at every request, told to stop, started by the launcher. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toHex } from '../../../ledger/hex.ts'
import { reporter, reporterKey } from '../ledger/support.ts'
import { earnedOf, newDaemon, newDirectory, run, usage, usages, worth } from './support.ts'
import type { TestDaemon } from './testDaemon.ts'

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url))
const launcher = fileURLToPath(new URL('../../../cli/bursar.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

interface Bursar {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

function newKeyFile(directory: string): string {
  const path = join(directory, 'key')
  writeFileSync(path, toHex(reporterKey), { mode: 0o600 })
  return path
}

/** Starts the command; its input stays open where no lines are given. */
function start([script, ...rest]: readonly string[], lines?: readonly string[]): Bursar {
  return startChild(process.execPath, [script as string, 'report', ...rest], lines)
}

function startChild(file: string, args: readonly string[], lines?: readonly string[]): Bursar {
  const child = spawn(file, args)
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { out: '', err: '' }
  child.stdout.on('data', (data) => {
    output.out += data
  })
  child.stderr.on('data', (data) => {
    output.err += data
  })
  child.stdin.on('error', (error: NodeJS.ErrnoException) => expect(error.code).toBe('EPIPE')) // it was killed first
  if (lines) child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  return { child, ended }
}

const options = (daemon: TestDaemon, key: string): string[] => [
  '--key',
  key,
  '--url',
  daemon.url,
  '--batch',
  '4',
  '--json',
]

/** The same command again, over what the killed process left; that it is a process of its own is no point any more. */
const runAgain = (daemon: TestDaemon, key: string, lines: readonly string[]) =>
  run(daemon, dirname(key), { lines, statePath: `${key}.state` })

describe('G6, G7: killed at any request, and run again', () => {
  const when = { heard: 'unheard', done: 'unanswered', answered: undefined } as const

  test.each([
    [1, 'status', 'heard'],
    [2, 'reporter', 'answered'],
    [3, 'ledger head', 'answered'],
    [4, 'first batch', 'heard'],
    [4, 'first batch', 'done'],
    [4, 'first batch', 'answered'],
    [5, 'second batch', 'heard'],
    [5, 'second batch', 'done'],
    [5, 'second batch', 'answered'],
    [6, 'last batch', 'heard'],
    [6, 'last batch', 'done'],
    [6, 'last batch', 'answered'],
  ] as const)('request %i, the %s, when it was %s: every event counts once', async (n, _, moment) => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const key = newKeyFile(directory)
    const first = start([main, ...options(daemon, key)], usages(10))
    daemon.mishap = (_, count) => {
      if (count !== n) return undefined
      first.child.kill('SIGKILL')
      return when[moment]
    }
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' })

    daemon.mishap = () => undefined
    expect(await runAgain(daemon, key, usages(10))).toMatchObject({ fault: undefined })
    expect(earnedOf(daemon)).toBe(worth(10))
    expect(daemon.accepted.map(({ batch }) => batch.events.length)).toEqual([4, 4, 2])
  })
})

test('behavior: whoever reads no further is told nothing more, and no stack', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  expect({ code, err }).toEqual({ code: 141, err: '' })
})

test('killed while lines wait for more: nothing was stored, so nothing is lost', async () => {
  const [daemon, directory] = [await newDaemon(), newDirectory()]
  const key = newKeyFile(directory)
  const first = start([main, ...options(daemon, key), '--flush-ms', '60000'])
  first.child.stdin?.write(`${usage(1)}\n`)
  daemon.mishap = (name) => {
    if (name === 'GET /api/ledger/head') first.child.kill('SIGKILL')
    return undefined
  }
  await first.ended
  daemon.mishap = () => undefined
  await runAgain(daemon, key, usages(3))
  expect(earnedOf(daemon)).toBe(worth(3))
})

test('G7: a full disk: nothing is sent that was not stored, and the next run goes on', async () => {
  const [daemon, directory] = [await newDaemon(), newDirectory()]
  const key = newKeyFile(directory)
  const lines = usages(120)
  const command = [process.execPath, main, 'report', ...options(daemon, key)].join(' ')
  const full = startChild('bash', ['-c', `ulimit -f 128; exec ${command}`], lines) // no file above 128 KiB
  const { code, err } = await full.ended
  expect(err).toContain('bursar: STATE_UNWRITABLE: ')
  expect(code).toBe(75)
  const before = daemon.accepted.length
  expect(before).toBeGreaterThan(0)

  expect(await runAgain(daemon, key, lines)).toMatchObject({ fault: undefined })
  expect(earnedOf(daemon)).toBe(worth(120))
  expect(daemon.accepted.length).toBe(30)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s: ends cleanly, what was read is acknowledged', async (signal) => {
  const [daemon, directory] = [await newDaemon(), newDirectory()]
  const { child, ended } = start([main, ...options(daemon, newKeyFile(directory)), '--flush-ms', '0'])
  child.stdin?.write(`${usage(1)}\n`)
  daemon.mishap = (name) => {
    if (name === 'POST /api/batches') child.kill(signal)
    return undefined
  }
  expect(await ended).toMatchObject({ code: 0, signal: null, err: '' })
  expect(earnedOf(daemon)).toBe(worth(1))
})

describe('what it prints', () => {
  test('--json: one line, and nothing else on stdout; nothing on stderr where all goes well', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const { code, out, err } = await start([main, ...options(daemon, newKeyFile(directory))], usages(5)).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`${JSON.stringify({ reporter, events: 5, batches: 2, odd: 0, skipped: 0, lastPosition: 2 })}\n`)
  })

  test('a fault: its code, the next step, and the exit code', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const { code, err } = await start([main, ...options(daemon, newKeyFile(directory))], ['{']).ended
    expect(code).toBe(2)
    expect(err).toMatch(/^bursar: BAD_LINE: line 1: .*\n {2}next: .*\n$/)
  })

  test.each([
    ['no key', ['--url', 'http://localhost:1']],
    ['a url of another kind', ['--key', 'key', '--url', 'ftp://localhost']],
    ['a word that cannot be accepted', ['--key', 'key', '--url', 'http://localhost:1', '--accept', 'LEDGER_FORKED']],
  ])('wrong options: %s', async (_, wrong) => {
    expect(await start([main, ...wrong], []).ended).toMatchObject({ code: 2, out: '' })
  })
})

describe('the launcher', () => {
  test('passes input, output and exit code', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const key = newKeyFile(directory)
    const { code, out } = await start([launcher, ...options(daemon, key)], usages(5)).ended
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ events: 5 })
    expect(await start([launcher, ...options(daemon, key)], ['{']).ended).toMatchObject({ code: 2 })
  })

  test('passes signals', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const { child, ended } = start([launcher, ...options(daemon, newKeyFile(directory)), '--flush-ms', '0'])
    child.stdin?.write(`${usage(1)}\n`)
    daemon.mishap = (name) => {
      if (name === 'POST /api/batches') child.kill('SIGTERM')
      return undefined
    }
    expect(await ended).toMatchObject({ code: 0, signal: null })
    expect(earnedOf(daemon)).toBe(worth(1))
  })
})
