/** How things are measured: in pairs that take turns, so that what else the machine does falls on both alike. */
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

/** What was measured of one goal. */
export interface Row {
  readonly id: string
  readonly what: string
  readonly goal: string
  readonly measured: string
  /** Undefined where a figure is told without being held to anything. */
  readonly isReached: boolean | undefined
}

export interface Bench {
  /** What it is called on the command line. */
  readonly name: string
  run(say: (sentence: string) => void): Promise<readonly Row[]>
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which the share `q` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number
}

/** Turns that do not count: a service runs for months, and most of its code is compiled in its first seconds. */
const warmUps = 3

/** Runs both in turn, `pairs` times after some to warm up. @returns the medians of what they answered, and of each pair's ratio */
export async function inPairs(
  pairs: number,
  ours: () => number | Promise<number>,
  theirs: () => number | Promise<number>,
): Promise<{ readonly ours: number; readonly theirs: number; readonly ratio: number }> {
  const results: (readonly [number, number])[] = []
  for (let i = 0; i < warmUps + pairs; i++) results.push([await ours(), await theirs()])
  const counted = results.slice(warmUps)
  return {
    ours: median(counted.map(([a]) => a)),
    theirs: median(counted.map(([, b]) => b)),
    ratio: median(counted.map(([a, b]) => a / b)),
  }
}

/** CPU seconds that this process takes for some work. */
export async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** The kernel counts time in hundredths of a second: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const ticksPerSecond = 100

/** CPU seconds that a process has taken so far, with all its threads and the children it has waited for. */
export function cpuSecondsOf(pid: number): number {
  const fields = statOf(pid)
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond
}

/** Process ids of those whose parent is `pid`. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid)

/** The parent's process id; undefined of one that is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    return Number(statOf(pid)[1])
  } catch {
    return undefined // it ended while we looked
  }
}

/** Resident bytes of a process. */
export const residentBytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** Fields from the third on: the second is a name and may hold spaces. */
const statOf = (pid: number): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []

/** The machine in one line. */
export const machine = (): string =>
  `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; Node ${process.versions.node}`

/** Three digits that count, with thousands apart. */
export const show = (value: number): string =>
  new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)
