/** A reporter in this process, against the test daemon. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { Fault } from '../../../cli/fault.ts'
import { createProgress, type Summary } from '../../../cli/progress.ts'
import { type ReportOptions, runReport } from '../../../cli/runReport.ts'
import type { Configuration } from '../../../ledger/structs.ts'
import { configuration, payeeOf, reporter, reporterKey } from '../ledger/support.ts'
import { startTestDaemon, type TestDaemon } from './testDaemon.ts'

/** A directory that is gone after the test. */
export function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'bursar-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** A daemon that ends with the test. */
export async function newDaemon(changes: Partial<Configuration> = {}): Promise<TestDaemon> {
  const daemon = await startTestDaemon(configuration(changes))
  onTestFinished(() => daemon.close())
  return daemon
}

/** A line of seven wei a unit for payee 1. */
export const usage = (n: number, units: number | string = n): string =>
  JSON.stringify({ type: 'workload', id: `job-${n}`, payee: payeeOf(1), tariff: 'gpu-second', units: `${units}` })

export const usages = (count: number): string[] => Array.from({ length: count }, (_, i) => usage(i + 1))

export const earnedOf = ({ ledger }: TestDaemon): bigint => ledger.accounts.get(payeeOf(1))?.balance.earnedWei ?? 0n

/** What so many lines of {@link usages} are worth. */
export const worth = (count: number): bigint => (7n * BigInt(count) * BigInt(count + 1)) / 2n

export async function* bytesOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(lines.map((line) => `${line}\n`).join(''))
}

export interface Run {
  readonly summary: Summary
  readonly said: string
  readonly fault: Fault | undefined
}

export interface RunOptions extends Partial<ReportOptions> {
  readonly lines?: readonly string[]
  readonly signal?: AbortSignal
}

/** Runs the reporter once, in batches of four, and tells how it ended. */
export async function run(daemon: TestDaemon, directory: string, options: RunOptions = {}): Promise<Run> {
  let said = ''
  const terminal = {
    write(text: string): void {
      said += text
    },
  }
  const progress = createProgress({ terminal, reporter })
  const settings = {
    key: { secretKey: reporterKey, address: reporter },
    url: daemon.url,
    statePath: join(directory, 'state'),
    input: bytesOf(options.lines ?? []),
    eventsMax: 4,
    flushMs: 60_000,
    isSkipping: false,
    accepted: [],
    progress,
    ...options,
  }
  try {
    await runReport(settings, options.signal ?? new AbortController().signal)
    return { summary: progress.end(), said, fault: undefined }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { summary: progress.end(), said, fault: error }
  }
}

export function expectFault({ fault }: Run, code: string, exitCode: number): void {
  expect({ code: fault?.code, exitCode: fault?.exitCode }).toEqual({ code, exitCode })
  expect(fault?.next).toBeTruthy()
}
