/** `bursar monitor`: stands outside and watches one daemon and its contract, for as long as it is left to. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { findDeployment } from '../client/chain/deployment.ts'
import { createClient, createRpc } from '../client/index.ts'
import { openLogFile } from './logFile.ts'
import type { MonitorFinding } from './monitor/findings.ts'
import { type Change, createChanges, createMetrics, createWebhook, writeEvidence } from './monitor/outputs.ts'
import { readSeen, writeSeen } from './monitor/seen.ts'
import { createWatch, type Look, type WatchOptions } from './monitor/watch.ts'
import { httpUrl, wholeNumber } from './options.ts'
import { readDeployment, readTrust, type TrustOptions, withTrust } from './trustOption.ts'
import { tellTrouble } from './verdictExit.ts'

interface Options extends TrustOptions {
  readonly dir?: string
  readonly every: number
  readonly confirmations: bigint
  readonly fromBlock?: bigint
  readonly anchor: number
  readonly payout: number
  readonly silence: number
  readonly lag: number
  readonly webhook?: string
  readonly metrics?: number
  readonly adopt: boolean
  readonly once: boolean
}

const help = `
Safety findings are facts that stay: a fork, a root that does not replay, an unknown payment, insolvency, another image, key or
configuration than before. Each is written with its evidence below DIR/evidence. Liveness findings come and go: no anchor, silence
running out, a payout that does not come, a daemon that is behind or away.

DIR remembers the newest signed head, and configuration, key and image as they were seen first. When they change on purpose,
start once with --adopt.

With --once: exit codes 0 nothing, 1 a safety finding, 2 liveness findings only.`

export const monitorCommand = (): Command =>
  withTrust(new Command('monitor'))
    .description('watch a daemon and its contract from outside')
    .argument('<url>', 'address of the daemon', httpUrl)
    .option('--dir <folder>', 'what is remembered, the log, and evidence (default: bursar-monitor-CONTRACT)')
    .option('--every <seconds>', 'from one look to the next', wholeNumber(0, 999_999_999), 60)
    .option('--confirmations <blocks>', 'blocks on top of one before it counts', BigInt, 0n)
    .option('--from-block <number>', 'where the contract began (default: found by asking for its code)', BigInt)
    .option('--anchor <seconds>', 'how long entries may wait to be anchored', wholeNumber(0, 999_999_999), 3 * 3600)
    .option(
      '--payout <seconds>',
      'how long a payee may wait for what it is owed',
      wholeNumber(0, 999_999_999),
      24 * 3600,
    )
    .option('--silence <seconds>', 'how much of the silence must be left', wholeNumber(0, 999_999_999), 2 * 86_400)
    .option('--lag <seconds>', 'how long the daemon may not know of a commit', wholeNumber(0, 999_999_999), 300)
    .option('--webhook <url>', 'where changes are sent as JSON', httpUrl)
    .option('--metrics <port>', 'serve /metrics for Prometheus', wholeNumber(0, 65_535))
    .option('--adopt', 'take configuration, key and image as they are now for right', false)
    .option('--once', 'look once and end', false)
    .addHelpText('after', help)
    .action((url: string, options: Options) => tellTrouble(() => monitor(url, options), false))

async function monitor(url: string, options: Options): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())
  const watched = await prepare(url, options)
  // By contract: what was seen of another one would look like a change of this.
  const dir = options.dir ?? `bursar-monitor-${watched.contract}`
  mkdirSync(dir, { recursive: true })
  const paths = { seen: join(dir, 'seen.json'), evidence: join(dir, 'evidence') }
  const before = readSeen(paths.seen)
  const seen = before && (options.adopt ? { ...before, configHash: null, committer: null, image: null } : before)
  const look = createWatch({ ...watched, seen, file: openLogFile(join(dir, 'log')) })
  const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`)
  const changes = createChanges()
  const webhook = options.webhook === undefined ? undefined : createWebhook(options.webhook, say)
  const metrics = createMetrics()
  const server = options.metrics === undefined ? undefined : metrics.listen(options.metrics)
  try {
    while (!stop.signal.aborted) {
      const looked = await look()
      writeSeen(paths.seen, looked.seen)
      metrics.show(looked, Date.now())
      const changed = changes(looked.findings)
      for (const change of changed) say(tell(change, looked, paths.evidence))
      await webhook?.(changed)
      if (options.once) {
        if (looked.findings.length === 0) say(`nothing is wrong: ${JSON.stringify(looked.gauges)}`)
        process.exitCode = exitCodeOf(looked.findings)
        return
      }
      await delay(options.every * 1000, undefined, { signal: stop.signal }).catch(() => undefined) // the loop sees why
    }
  } finally {
    server?.close()
  }
}

async function prepare(url: string, options: Options): Promise<Omit<WatchOptions, 'seen' | 'file'>> {
  const [client, rpc, trust] = [createClient({ url }), createRpc({ url: options.rpc }), readTrust(options)]
  const status = trust.contract === null || trust.chainId === null ? await client.status() : undefined
  const contract = trust.contract ?? (status?.verifyingContract as NonNullable<typeof trust.contract>)
  const { anchor, payout, silence, lag, confirmations } = options
  return {
    client,
    rpc,
    trust,
    contract,
    chainId: trust.chainId ?? (status?.chainId as bigint),
    patience: { anchorSeconds: anchor, payoutSeconds: payout, silenceSeconds: silence, lagSeconds: lag },
    fromBlock:
      options.fromBlock ??
      readDeployment(options)?.fromBlock ??
      (await findDeployment(rpc, contract, (await rpc.block()).number)),
    confirmations,
    nowMs: Date.now,
  }
}

function tell({ event, finding }: Change, look: Look, folder: string): string {
  const words = `${event} ${finding.kind} ${finding.code}: ${finding.said} ${JSON.stringify(finding.facts)}`
  if (event === 'cleared' || finding.kind === 'liveness') return words
  return `${words}; evidence in ${writeEvidence(folder, finding, look, new Date())}`
}

const exitCodeOf = (findings: readonly MonitorFinding[]): number =>
  findings.some(({ kind }) => kind === 'safety') ? 1 : findings.length > 0 ? 2 : 0
