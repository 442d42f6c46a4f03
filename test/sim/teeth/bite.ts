/** Breaks a copy of the project in one way and asks the simulator what it sees. */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Sabotage } from './sabotages.ts'

const project = join(import.meta.dirname, '../../..')
/** What a core is made of, and what the simulator needs beside it. */
const ofSimulator = ['primitives', 'attestation', 'ledger', 'protocol', 'enclave', 'client', 'anvil', 'test/sim']
const run = promisify(execFile)

export interface Bite {
  readonly name: string
  readonly guarantee: string
  /** Seeds in which a guarantee broke, and which. */
  readonly found: readonly { readonly seed: number; readonly guarantee: string; readonly sentence: string }[]
  /** Seeds played for each break, the middle one of them; none where nothing broke. */
  readonly medianSeeds: number | null
}

export interface Budget {
  readonly finds: number
  readonly seedsMax: number
  readonly steps: number
}

/** Makes a copy with this sabotage in it. @returns its folder @throws Error where the text to break is not there exactly once */
export function breakCopy({ name, edits }: Sabotage, folders = ofSimulator): string {
  const copy = join(project, '.build/teeth', name.replaceAll(/[^a-z]+/gi, '-'))
  rmSync(copy, { recursive: true, force: true })
  for (const folder of [...folders, 'package.json'])
    cpSync(join(project, folder), join(copy, folder), { recursive: true, preserveTimestamps: true })
  for (const [file, from, to] of edits) {
    const parts = readFileSync(join(copy, file), 'utf8').split(from)
    if (parts.length !== 2) throw new Error(`"${name}" finds its text ${parts.length - 1} times in ${file}: ${from}`)
    writeFileSync(join(copy, file), parts.join(to))
  }
  return copy
}

export async function bite(sabotage: Sabotage, { finds, seedsMax, steps }: Budget): Promise<Bite> {
  const { name, guarantee } = sabotage
  const copy = breakCopy(sabotage)
  const sim = join(copy, 'test/sim')
  const { stdout } = await run(process.execPath, [
    ...['--import', join(sim, 'crypto/register.ts'), join(sim, 'teeth/tooth.ts')],
    ...[finds, seedsMax, steps].map(String),
  ])
  rmSync(copy, { recursive: true })
  const found: Bite['found'] = JSON.parse(stdout)
  return { name, guarantee, found, medianSeeds: medianGap(found.map(({ seed }) => seed)) }
}

function medianGap(seeds: readonly number[]): number | null {
  const gaps = seeds.map((seed, i) => seed - (seeds[i - 1] ?? 0)).sort((a, b) => a - b)
  return gaps[Math.floor(gaps.length / 2)] ?? null
}
