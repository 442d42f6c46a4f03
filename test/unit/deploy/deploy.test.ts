/** What is deployed beside the daemon, held against the daemon and its documents. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createBatchCounter, createHttpMetrics, type Observed, observeServices } from '../../../daemon/metrics.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
const operating = read('docs/OPERATING.md')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}
const rules: readonly Rule[] = parse(read('deploy/alerts.yml')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
)

interface Panel {
  readonly id: number
  readonly targets?: readonly { readonly expr: string }[]
}
const panels: readonly Panel[] = JSON.parse(read('deploy/grafana.json')).panels

/** Names of the metrics in an expression, by Prometheus's own grammar. */
function metricsIn(expr: string): string[] {
  const names: string[] = []
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expr}`)
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector')
        names.push(expr.slice(node.from, node.to))
    },
  })
  return names
}

/** Every name that the daemon exposes; histograms under the names of their series too. */
async function exposed(): Promise<{ own: string[]; all: Set<string> }> {
  const registry = new Registry()
  createHttpMetrics(registry)
  createBatchCounter(registry)
  observeServices(registry, {} as Observed)
  const own = registry.getMetricsAsArray().map(({ name }) => name)
  collectDefaultMetrics({ register: registry })
  const names = registry.getMetricsAsArray().map(({ name }) => name)
  registry.clear()
  return { own, all: new Set([...names, ...names.flatMap((n) => [`${n}_count`, `${n}_sum`, `${n}_bucket`]), 'up']) }
}

test('alerts.yml: rules as Prometheus wants them, over metrics that exist', async () => {
  const { all } = await exposed()
  expect(rules.length).toBeGreaterThan(10)
  for (const { alert, expr, for: duration, labels, annotations } of rules) {
    expect(alert).toMatch(/^Bursar[A-Z]\w+$/)
    expect(duration).toMatch(/^\d+[mh]$/)
    expect(['page', 'warn', 'info']).toContain(labels.severity)
    expect(annotations.summary).not.toBe('')
    const names = metricsIn(expr)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect([...all], alert).toContain(name)
  }
})

test('alerts.yml, grafana.json: of several lanes none hides behind another', () => {
  const registry = new Registry()
  createBatchCounter(registry)
  observeServices(registry, {} as Observed)
  const ofLanes = registry.getMetricsAsArray().map(({ name }) => name)
  const exprs = [
    ...rules.map(({ expr }) => expr),
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ]
  for (const expr of exprs.filter((one) => metricsIn(one).some((name) => ofLanes.includes(name))))
    expect(expr).not.toMatch(/\b(max|min|sum|avg)\b(?! by \(lane)/)
})

test('grafana.json: panels of their own, over metrics that exist', async () => {
  const { all } = await exposed()
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  for (const { expr } of panels.flatMap(({ targets = [] }) => targets))
    for (const name of metricsIn(expr)) expect([...all]).toContain(name)
})

test('OPERATING.md: a section for each alert, and none for others', () => {
  const sections = [...operating.matchAll(/^### (\w+)\n(.+)/gm)]
  expect(sections.map(([, name]) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort())
  for (const [, , text = ''] of sections) expect(text.length).toBeGreaterThan(60)
})

test('OPERATING.md: every metric of ours is named, and no other', async () => {
  const { own } = await exposed()
  const rows = operating.split('\n').filter((line) => line.startsWith('| `bursar_'))
  const named = rows.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name))
  expect(named.sort()).toEqual(own.sort())
})

test('bursar.service: restarts all but what says that it does not help, and starts what is there', () => {
  const unit = read('deploy/bursar.service')
  const lines = unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of lines) expect(line).toMatch(/^(\[\w+\]|\w+=.*)$/)
  expect(lines).toContain('RestartPreventExitStatus=1')
  const [, script = ''] = /^ExecStart=\S+ (\S+)$/m.exec(unit) ?? []
  expect(read(script)).not.toBe('')
})
