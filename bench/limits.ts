/** `node bench/limits.ts`: what one batch cannot do without on this machine: the check of its signature, and its share of a forced write. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '../ledger/config.ts'
import { authenticate } from '../ledger/entry.ts'
import { createSource, makeConfiguration } from './ledger.ts'
import { cpuSeconds, machine, median, quantile, show } from './measure.ts'

const sizes = [1, 100, 1_000]
const checks = 200
const syncs = 300
/** What a record of so many bytes an event takes, for groups of 32 batches. */
const batchesPerGroup = 32
const bytesPerEvent = 250

const rules = checkConfiguration(makeConfiguration({}))
const rows: Record<string, string> = {}
for (const eventsPerBatch of sizes) {
  const source = createSource({ eventsPerBatch, payees: 1_000 })
  const batches = Array.from({ length: checks }, () => source.next(0))
  const seconds = await cpuSeconds(() => {
    for (const batch of batches) authenticate(rules, batch)
  })
  rows[`form, hash and signature of a batch of ${show(eventsPerBatch)}, CPU ms`] = show((seconds * 1000) / checks)
}

const folder = mkdtempSync(join(tmpdir(), 'bursar-limits-'))
const file = openSync(join(folder, 'log'), 'a')
for (const eventsPerBatch of [1, 100]) {
  const bytes = Buffer.alloc(batchesPerGroup * eventsPerBatch * bytesPerEvent)
  const times = Array.from({ length: syncs }, () => {
    const startMs = performance.now()
    writeSync(file, bytes)
    fdatasyncSync(file)
    return performance.now() - startMs
  })
  const said = `${show(median(times))} (p99 ${show(quantile(times, 0.99))})`
  rows[`forced write of a group of ${batchesPerGroup} batches of ${eventsPerBatch}, p50 ms`] = said
}
closeSync(file)
rmSync(folder, { recursive: true })
console.log(`\`node bench/limits.ts\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}\n`)
console.table(rows)
