/** Where findings go: a file of evidence for each new one, a webhook, a page for Prometheus. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Gauge, Registry } from 'prom-client'
import { livenessCodes, type MonitorFinding, safetyCodes } from './findings.ts'
import type { Gauges, Look } from './watch.ts'

const webhookMsMax = 10_000

/** What changed between two looks. */
export interface Change {
  readonly event: 'found' | 'cleared'
  readonly finding: MonitorFinding
}

/** Findings are told apart by code and, where someone is named, by whom: their other facts change with every look. */
const keyOf = ({ code, facts }: MonitorFinding): string => `${code} ${facts.payee ?? ''}`

/** Tells what is new and what has gone since the call before. */
export function createChanges() {
  let open = new Map<string, MonitorFinding>()
  return (findings: readonly MonitorFinding[]): Change[] => {
    const now = new Map(findings.map((finding) => [keyOf(finding), finding]))
    const found = [...now]
      .filter(([key]) => !open.has(key))
      .map(([, finding]) => ({ event: 'found' as const, finding }))
    const gone = [...open]
      .filter(([key]) => !now.has(key))
      .map(([, finding]) => ({ event: 'cleared' as const, finding }))
    open = now
    return [...found, ...gone]
  }
}

/** Writes all that was seen in this look beside a safety finding. @returns the path */
export function writeEvidence(folder: string, finding: MonitorFinding, { seen, gauges }: Look, at: Date): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${at.toISOString().replaceAll(':', '-')}-${finding.code}.json`)
  const text = JSON.stringify(
    { at, finding, seen, gauges },
    (_, value) => (typeof value === 'bigint' ? `${value}` : value),
    2,
  )
  writeFileSync(path, `${text}\n`)
  return path
}

/** Sends changes in order; what could not be sent is sent again with the next ones. */
export function createWebhook(url: string, say: (text: string) => void) {
  const waiting: Change[] = []
  return async (changes: readonly Change[]): Promise<void> => {
    waiting.push(...changes)
    while (waiting[0]) {
      try {
        const { ok, status } = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(waiting[0]),
          signal: AbortSignal.timeout(webhookMsMax),
        })
        if (!ok) throw new Error(`it answered ${status}`)
        waiting.shift()
      } catch (error) {
        return say(`the webhook did not take a finding: ${(error as Error).message}; it is sent again`)
      }
    }
  }
}

export function createMetrics() {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  const findings = new Gauge({
    name: 'bursar_monitor_findings',
    help: 'How often each finding stands now',
    labelNames: ['kind', 'code'],
    registers,
  })
  const last = new Gauge({ name: 'bursar_monitor_last_look_seconds', help: 'Unix time of the last look', registers })
  const gauges = new Map<string, Gauge>()

  return {
    show(look: { readonly findings: readonly MonitorFinding[]; readonly gauges: Gauges }, nowMs: number): void {
      for (const code of safetyCodes) findings.set({ kind: 'safety', code }, countOf(look.findings, code))
      for (const code of livenessCodes) findings.set({ kind: 'liveness', code }, countOf(look.findings, code))
      last.set(nowMs / 1000)
      for (const [name, value] of Object.entries(look.gauges)) {
        const gauge =
          gauges.get(name) ?? new Gauge({ name: `bursar_monitor_${name}`, help: name.replaceAll('_', ' '), registers })
        gauges.set(name, gauge)
        gauge.set(value)
      }
    },
    /** Serves `/metrics`. */
    listen: (port: number): Server =>
      createServer(async (request, response) => {
        if (request.url !== '/metrics') return void response.writeHead(404).end()
        response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
      }).listen(port),
  }
}

const countOf = (findings: readonly MonitorFinding[], code: string): number =>
  findings.filter((finding) => finding.code === code).length
