/** The whole product in its own processes: `npm start -- --once --json`, undisturbed and with parts of it killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Summary } from '../../anvil/summary.ts'
import { createUsage } from '../../anvil/usage.ts'
import { waitFor } from '../../anvil/waiting.ts'
import { createClient } from '../../client/client.ts'
import type { Hex } from '../../ledger/hex.ts'

const start = join(import.meta.dirname, '../../anvil/start.ts')
const runWithinMs = 120_000
/** By then sessions are open, payouts made, and most of the usage is still to come. */
const batchesBeforeKill = 20n

let folder: string
let run: ChildProcess
let output: Promise<{ code: number | null; stdout: string; stderr: string }>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bursar-e2e-'))
})

/** Starts the demonstration, as `npm start --` would. */
function launch(...args: string[]): void {
  run = spawn(process.execPath, [start, '--dir', folder, ...args])
  output = new Promise((resolve) => {
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      run[name]?.on('data', (chunk) => {
        text[name] += chunk
      })
    run.once('close', (code) => resolve({ code, ...text }))
  })
}

afterEach(async () => {
  run.kill('SIGTERM')
  await output
  rmSync(folder, { recursive: true })
})

/** What 2,000 events are worth: the usage is the same in every run. */
function worthOfUsage(): bigint {
  const payees = Array.from({ length: 20 }, (_, index): Hex => `0x${`${index + 1}`.padStart(40, '0')}`)
  const earnings = [0, 1, 2].flatMap((reporter) => {
    const usage = createUsage({ reporter, payees, hasCredits: reporter === 2, startMs: 0 })
    const count = Math.floor((2_000 + reporter) / 3)
    for (let given = 0; given < count; given++) usage.next(count - given)
    return [...usage.earnings().values()]
  })
  return earnings.reduce((sum, wei) => sum + wei, 0n)
}

async function expectPaidToTheWei(): Promise<void> {
  const { code, stdout, stderr } = await output
  expect(code, stderr).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  const summary: Summary = JSON.parse(stdout)
  expect(summary).toMatchObject({ events: 2_000, discrepancies: 0, owedWei: '0', paidWei: `${worthOfUsage()}` })
  expect(summary.commits).toBeGreaterThanOrEqual(3)
  expect(summary.anchors).toBeGreaterThanOrEqual(summary.commits)
  expect(summary.batches).toBeGreaterThan(0)
  expect(summary.gasRatioToBroker).toBeLessThan(1.2)
}

const readJson = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const pidOf = (name: string): number => readJson('processes.json')[name]

/** Kills a process of the run in the middle of it, and waits until another has taken its place. */
async function killMidRun(name: string): Promise<void> {
  const { signal } = new AbortController()
  const wait = { timeoutMs: runWithinMs, signal }
  await waitFor({ ...wait, what: 'no batches are accepted' }, async () => {
    const { logSize } = await createClient({ url: `http://${readJson('daemon.json').listen}` }).ledgerHead()
    return logSize > batchesBeforeKill ? true : undefined
  })
  const pid = pidOf(name)
  process.kill(pid, 'SIGKILL')
  await waitFor({ ...wait, what: `no other ${name} was started` }, async () => (pidOf(name) === pid ? undefined : true))
}

test('default: everything is paid and all books agree', { timeout: runWithinMs }, async () => {
  launch('--once', '--json')
  await expectPaidToTheWei()
})

test('behavior: the same with the daemon and a gateway killed in the middle', { timeout: runWithinMs }, async () => {
  launch('--once', '--json')
  await killMidRun('gateway')
  await killMidRun('daemon')
  await expectPaidToTheWei()
})

test('behavior: runs until Ctrl-C, then ends in good order with all its processes', {
  timeout: runWithinMs,
}, async () => {
  launch()
  await new Promise<void>((resolve) => {
    let text = ''
    run.stdout?.on('data', (chunk) => {
      text += chunk
      if (/paid orch-.* ETH by ticket in 0x[0-9a-f]{64}/.test(text) && /paid node-.* ETH by direct in/.test(text))
        resolve()
    })
  })
  const pids: number[] = Object.values(readJson('processes.json'))
  expect(pids).toHaveLength(5)
  run.kill('SIGINT')
  const { code, stdout, stderr } = await output
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/anchor 1: root 0x[0-9a-f]{64}/)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

test('behavior: killed in a way that it cannot hear, it leaves no process behind', {
  timeout: runWithinMs,
}, async () => {
  launch()
  const wait = { timeoutMs: runWithinMs, signal: new AbortController().signal }
  await waitFor({ ...wait, what: 'no core and daemon' }, async () =>
    existsSync(join(folder, 'processes.json')) && pidOf('daemon') ? true : undefined,
  )
  const pids: number[] = Object.values(readJson('processes.json'))
  run.kill('SIGKILL')
  await output
  await waitFor({ ...wait, what: 'some are left' }, async () => (pids.some(isAlive) ? undefined : true))
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // there is no such process: that is the answer
  }
}
