/**
 * One lane: a contract with its core, its store, and everything that is done for them. Lanes share a process and its
 * listeners, and nothing else: what fails in one leaves the others alone. Nothing begins before `prepare`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type Router from '@koa/router'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { createPublicRouter } from './app.ts'
import type { Carrier } from './chain/carriers.ts'
import type { Chain } from './chain/chain.ts'
import type { HostConfig, LaneConfig } from './config.ts'
import { Fatal, NotOpen } from './errors.ts'
import type { KmsPlace } from './kms.ts'
import { createBatchCounter, type HttpMetrics, observeServices } from './metrics.ts'
import { createOperatorRouter } from './operatorApp.ts'
import { aborted } from './pause.ts'
import type { Places } from './places.ts'
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
import { createGate, type Gate } from './services/session.ts'
import { createStream } from './services/stream.ts'
import { createUnwrap } from './services/unwrap.ts'
import { createVitals } from './services/vitals.ts'
import type { Store } from './store/store.ts'
import { createTurns } from './turns.ts'

/** What a lane works with: its own, opened anew each time it begins. */
export interface LaneParts {
  readonly chain: Chain
  /** Closed by who opened it, when the lane has ended. */
  readonly store: Store
  /** In the order of the configuration's `kms_keys`. */
  readonly kms: readonly KmsPlace[]
  /** The operator's account for gas; undefined where none is configured. */
  readonly relayer: Carrier | undefined
}

export interface LaneOptions extends LaneParts {
  readonly config: LaneConfig
  readonly limits: HostConfig['limits']
  readonly http: HttpMetrics
  readonly places: Places
  readonly log: Logger
  /** Where its numbers are kept. */
  readonly registry: Registry
}

export interface Lane {
  readonly gate: Gate
  /** What the ledger says was earned, and the contract's events that was paid, wei. */
  totals(): { readonly earnedWei: bigint; readonly paidWei: bigint }
  readonly publicRoutes: Router
  readonly operatorRoutes: Router
  /** Reads what is stored. Only then are its answers true. @throws Fatal */
  prepare(): Promise<void>
  /** Works until the signal aborts or something ends it, then stops in good order. @throws Fatal */
  run(signal: AbortSignal): Promise<void>
  /** Answers a request by one of its routes: while it does, what the lane works with stays open. */
  answer(work: () => Promise<unknown>): Promise<unknown>
  /** Waits until all that was asked is answered. */
  answered(): Promise<void>
}

export function createLane(options: LaneOptions): Lane {
  const { config, chain, store, kms, relayer, limits, http, places, log, registry } = options
  const { rules, newKeyRules, pollMs, confirmations, deployment } = config
  const { configuration } = rules
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined) // whoever runs it hears of it
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

  const vitals = createVitals({ chain, headWatch, pollMs, log })
  const stream = createStream({ store, pollMs, log })
  const concerns = createConcerns({ gate, mirror, books, payer, vitals, reconciler, pollMs, log })
  observeServices(registry, { gate, mirror, books, headWatch, ingest, payer, vitals })

  const notary = config.noteKey === null ? undefined : openNotary(config.noteKey, rules.domain)
  if (notary) log.info({ verifierKey: notary.verifierKey }, 'checkpoints')
  const own = { notary, deployment, limits, http, places, countBatch: createBatchCounter(registry), ended: stop.signal }
  const services = {
    ...own,
    rules,
    chain,
    gate,
    mirror,
    store,
    books,
    headWatch,
    ingest,
    reconciler,
    payer,
    vitals,
    stream,
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
  const work: Promise<unknown>[] = []
  const answering = new Set<Promise<unknown>>()
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
  return {
    gate,
    totals: () => ({ earnedWei: mirror.ledger.totalEarnedWei, paidWei: books.common.paidWei - books.common.lostWei }),
    publicRoutes: createPublicRouter(services),
    operatorRoutes: createOperatorRouter({ ...services, concerns, tryKms: tryEachKms }),
    async prepare() {
      await mirror.catchUp()
      log.info({ resumedAt: mirror.resumedAt, logSize: mirror.tree.size }, 'the ledger is computed')
      await books.reload()
    },
    async run(signal) {
      try {
        begin(headWatch.run(stop.signal))
        begin(vitals.run(stop.signal))
        begin(stream.run(stop.signal))
        begin(concerns.run(stop.signal))
        begin(lead())
        await Promise.race([failed.promise, aborted(signal)])
      } finally {
        // No batch is taken any more; the one group that the core has is stored and answered before anything is cut off.
        gate.move('stopping')
        await ingest.drain()
        await turns.run(async () => stop.abort())
        await Promise.race([Promise.allSettled(work), sleep(stopMsMax)])
      }
    },
    async answer(ask) {
      const asked = ask()
      answering.add(asked)
      return asked.finally(() => answering.delete(asked))
    },
    async answered() {
      await Promise.race([Promise.allSettled(answering), sleep(stopMsMax)])
    },
  }
}

/** So many polls does a commit get to land: all its transactions together. */
const looksMax = 120

/** A question to the chain cannot be called back: it is not waited for longer. */
const stopMsMax = 2_000
