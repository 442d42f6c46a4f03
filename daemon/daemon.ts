/** Puts the daemon together. Nothing begins before `run`. */
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { createApp } from './app.ts'
import type { Carrier } from './chain/carriers.ts'
import type { Chain } from './chain/chain.ts'
import type { Config } from './config.ts'
import { Fatal, NotOpen } from './errors.ts'
import type { KmsPlace } from './kms.ts'
import { createMetrics, observeServices } from './metrics.ts'
import { createOperatorApp } from './operatorApp.ts'
import { runAnchorer } from './services/anchorer.ts'
import { createBooks } from './services/books.ts'
import { runBringUp } from './services/bringUp.ts'
import { createBroadcaster } from './services/broadcaster.ts'
import { createConcerns } from './services/concerns.ts'
import { createCoreRestart } from './services/coreRestart.ts'
import { followUntil } from './services/follower.ts'
import { createHeadWatch } from './services/headWatch.ts'
import { lowerCaps } from './services/hints.ts'
import { createIndexer } from './services/indexer.ts'
import { createIngest } from './services/ingest.ts'
import { tryKms } from './services/kmsTrial.ts'
import { createMirror } from './services/mirror.ts'
import { openNotary } from './services/notary.ts'
import { createPayer } from './services/payer.ts'
import { createReconciler } from './services/reconciler.ts'
import { createGate } from './services/session.ts'
import { createStream } from './services/stream.ts'
import { createUnwrap } from './services/unwrap.ts'
import { createVitals } from './services/vitals.ts'
import type { Store } from './store/store.ts'
import { createTurns } from './turns.ts'

export interface DaemonOptions {
  readonly config: Config
  readonly chain: Chain
  /** Closed at the end. */
  readonly store: Store
  /** In the order of the configuration's `kms_keys`. */
  readonly kms: readonly KmsPlace[]
  /** The operator's account for gas; undefined where none is configured. */
  readonly relayer: Carrier | undefined
  readonly log: Logger
  /** Where its numbers are kept. */
  readonly registry: Registry
}

/** Runs the daemon until the signal aborts, then stops it in good order. @throws Fatal */
export async function runDaemon(
  { config, chain, store, kms, relayer, log, registry }: DaemonOptions,
  signal: AbortSignal,
): Promise<void> {
  const { rules, newKeyRules, pollMs, confirmations, limits, proxies } = config
  const { configuration } = rules
  const failed = Promise.withResolvers<never>()
  const stop = new AbortController()

  const turns = createTurns()
  const gate = createGate((state) => log.info({ state }, 'state'))
  const mirror = createMirror({ rules, store })
  const books = createBooks({ store })
  const caps = () => lowerCaps(config.transaction, mirror.ledger.rules.configuration.feeCaps)
  const broadcaster = createBroadcaster({ chain, store, relayer, caps, confirmations, pollMs, looksMax, log })
  const indexer = createIndexer({ chain, store, books, confirmations, pollMs, log })
  const headWatch = createHeadWatch({ chain, gate, pollMs, log })
  const payer = createPayer({ chain, mirror, books, caps })
  const reconciler = createReconciler({ chain, turns, mirror, books, payer, store })
  const ingest = createIngest({ gate, turns, mirror, store, halt: (fatal: Fatal) => failed.reject(fatal) })
  const spending = { chain, store, turns, broadcaster, mirror, tree: mirror.tree, gate, log }

  const metrics = createMetrics(registry)
  const vitals = createVitals({ chain, headWatch, pollMs, log })
  const stream = createStream({ store, pollMs, log })
  const concerns = createConcerns({ gate, mirror, books, payer, vitals, reconciler, pollMs, log })
  observeServices(metrics, { gate, mirror, books, headWatch, ingest, payer, vitals })

  const notary = config.noteKey === null ? undefined : openNotary(config.noteKey, rules.domain)
  if (notary) log.info({ verifierKey: notary.verifierKey }, 'checkpoints')
  const known = { notary, rules, chain, gate, mirror, store, books, headWatch, metrics }
  const services = {
    ...known,
    deployment: config.deployment,
    ingest,
    reconciler,
    payer,
    vitals,
    stream,
    limits,
    proxies,
  }
  const { kmsKeys } = (newKeyRules ?? rules).configuration
  const tryEachKms = async () => {
    // In a turn: a load that is under way needs the core's last request to be its own.
    const { documentB64 } = await turns.run(async () => {
      if (!gate.core) throw new NotOpen(gate.state)
      return gate.core.request('unwrap_request', {})
    })
    return tryKms(documentB64, { kmsKeys, places: kms })
  }
  const server = createApp(services, log)
  const operatorServer = createOperatorApp(
    { ...services, concerns, tryKms: tryEachKms },
    config.operatorToken ?? '',
    log,
  )
  const servers = [server, operatorServer]
  const work: Promise<unknown>[] = []
  const begin = (duty: Promise<unknown>): void => {
    work.push(duty)
    duty.catch(failed.reject)
  }
  /** Follows until this process leads, then does what only one may do. */
  const lead = async (): Promise<void> => {
    gate.move('following')
    const following = { mirror, books, pollMs, log }
    const { generation, lost } = await followUntil(store.lead(stop.signal), following, stop.signal)
    log.info({ generation }, 'leading')
    void lost.then((cause) => failed.reject(new Fatal('another process may lead now', 75, { cause })))
    const { core: coreAddress, anchorIntervalMs, payIntervalMs } = config
    const unwrap = createUnwrap({ kmsKeys }, kms)
    const restartCore = createCoreRestart(config.coreRestart, log)
    begin(
      runBringUp({ ...spending, coreAddress, configuration, newKeyRules, pollMs, unwrap, restartCore }, stop.signal),
    )
    begin(runAnchorer({ ...spending, payer, anchorIntervalMs, payIntervalMs }, stop.signal))
    begin(indexer.run(stop.signal))
  }
  try {
    await mirror.catchUp()
    log.info({ resumedAt: mirror.resumedAt, logSize: mirror.tree.size }, 'the ledger is computed')
    await books.reload()
    log.info({ url: await listen(server, config.listen) }, 'listening')
    if (config.operator && config.operatorToken)
      log.info({ url: await listen(operatorServer, config.operator.listen) }, 'listening for the operator')
    begin(headWatch.run(stop.signal))
    begin(vitals.run(stop.signal))
    begin(stream.run(stop.signal))
    begin(concerns.run(stop.signal))
    begin(lead())
    await Promise.race([failed.promise, aborted(signal)])
  } finally {
    // No batch is taken any more; the one group that the core has is stored and answered before anything is cut off.
    gate.move('stopping')
    const closed = servers.map((one) => new Promise((resolve) => one.close(resolve)))
    await ingest.drain()
    await turns.run(async () => stop.abort())
    await Promise.race([Promise.all([Promise.allSettled(work), ...closed]), sleep(stopMsMax)])
    for (const one of servers) one.closeAllConnections()
    await store.close()
  }
}

/** So many polls does a commit get to land: all its transactions together. */
const looksMax = 120

/** A question to the chain cannot be called back, a stream has no end: they are not waited for longer. What was taken is answered by then. */
const stopMsMax = 2_000

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

async function listen(server: ReturnType<typeof createApp>, address: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string]
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return `http://${host}:${actual}`
}
