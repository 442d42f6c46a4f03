import type { Hex } from '../../ledger/hex.ts'
import { Refusal } from '../../ledger/refusal.ts'
import type { Configuration } from '../../ledger/structs.ts'
import type { Result } from '../../protocol/messages.ts'
import { type Core, type CoreConnection, connectCore } from '../enclaveClient.ts'
import { CoreLost, Fatal, messageOf } from '../errors.ts'
import { createBackoff, pause } from '../pause.ts'
import type { RecordPlace } from '../store/store.ts'
import type { RestartCore } from './coreRestart.ts'
import { type EpochOpenerOptions, openEpoch } from './epochOpener.ts'
import { createNewKey } from './newKey.ts'
import { compactState, createState, loadState, placeOf, recoverState } from './sealedState.ts'
import type { MovableGate } from './session.ts'
import type { Unwrap } from './unwrap.ts'

type Status = Result<'status'>

export interface BringUpOptions extends EpochOpenerOptions {
  /** `unix:/path` or `tcp:host:port`. */
  readonly coreAddress: string
  readonly configuration: Configuration
  readonly gate: MovableGate
  readonly pollMs: number
  readonly unwrap: Unwrap
  readonly restartCore: RestartCore
}

export type Step = 'create' | 'load' | 'recover' | 'ready' | 'halted' | 'outdated'

/**
 * What to do with a core in this phase that has come this far, when the store has come that far. Pure.
 *
 * A core that is behind the store was loaded with an older state by somebody: going on with it would fork the ledger.
 */
export function decideStep(phase: Status['phase'], core: RecordPlace, stored: RecordPlace | undefined): Step {
  if (phase === 'halted') return 'halted'
  if (phase === 'empty') return stored ? 'load' : 'create'
  if (!stored || core.number > stored.number) return 'recover'
  return core.number === stored.number && core.hash === stored.hash ? 'ready' : 'outdated'
}

/** Runs until the signal aborts. @throws Fatal, or the signal's reason */
export async function runBringUp(options: BringUpOptions, signal: AbortSignal): Promise<never> {
  const { gate, log } = options
  const backoff = createBackoff(100, 5_000)
  for (;;) {
    gate.move('connecting to the core')
    try {
      const connection = await connectCore(options.coreAddress, signal)
      gate.attach(connection)
      try {
        await serve(options, connection, backoff.reset, signal)
      } finally {
        connection.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Fatal) throw error
      const refused = error instanceof Refusal ? { code: error.code, facts: error.facts } : undefined
      if (refused?.code === 'FOREIGN_ROOT') gate.move('the state is out of date')
      log.warn(
        { state: gate.state, reason: messageOf(error), cause: causeOf(error), ...refused },
        'bring-up interrupted',
      )
    }
    await backoff.wait(signal)
  }
}

async function serve(
  options: BringUpOptions,
  core: CoreConnection,
  opened: () => void,
  signal: AbortSignal,
): Promise<never> {
  const { gate, log } = options
  const address = await options.turns.run(() => prepareState(options, core, signal))
  await waitForContract(options, core, address, signal)
  gate.move('opening an epoch')
  const { epoch, boot } = await openEpoch(options, core, address, signal)
  const end = (reason: string): void => {
    log.warn({ reason }, 'session ended')
    core.close()
  }
  gate.open({ core, address, boot, epoch, end })
  log.info({ epoch, boot, address }, 'open')
  opened()
  await core.closed
  signal.throwIfAborted()
  throw new CoreLost('the connection to the core has ended', 'unknown')
}

/** After this, core, store and mirror hold the same log. @returns the core's address */
async function prepareState(options: BringUpOptions, core: Core, signal: AbortSignal): Promise<Hex> {
  const { gate, store } = options
  const status = await core.request('status', {}, signal)
  const step = decideStep(status.phase, placeOf(status), await store.lastRecord())
  options.log.info({ phase: status.phase, record: status.record.number, step }, 'core reached')
  if (step === 'halted') {
    gate.move('the core has halted')
    throw new Error('the core has halted and must be restarted')
  }
  if (step === 'outdated') {
    // Left from a time when this daemon led and another did not yet: it cannot go on from there.
    await options.restartCore('the core does not hold the state of the store')
    throw new Error('the core does not hold the state of the store: it must be restarted')
  }
  if (step === 'create') {
    gate.move('creating the ledger')
    if (options.newKeyRules) await createNewKey(options, core)
    else await createState(core, store, options.configuration)
  }
  if (step === 'load') {
    gate.move('loading the ledger')
    await loadState(core, store, options.unwrap)
  }
  if (step === 'recover') {
    gate.move('recovering lost replies')
    await recoverState(core, options)
  }
  // What was sent to a core that did not take it was never acknowledged: its reporter sends it again.
  if (step !== 'recover') await store.dropIntents()
  const address = checkState(options, await core.request('status', {}, signal))
  await compactState(core, store)
  return address
}

function checkState({ mirror }: BringUpOptions, status: Status): Hex {
  const configHash = mirror.ledger.rules.hash
  if (status.configHash !== configHash)
    throw new Fatal(`the core has configuration ${status.configHash}, this daemon ${configHash}`, 1)
  if (!mirror.isAt(status)) throw new Fatal('the log of the core is not that of the mirror', 1)
  if (!status.address) throw new Error('the core has no key')
  return status.address
}

async function waitForContract(options: BringUpOptions, core: Core, address: Hex, signal: AbortSignal): Promise<void> {
  options.gate.move('waiting for the contract')
  for (let said: string | undefined; ; ) {
    const missing = await whatIsMissing(options, address)
    if (!missing) return
    if (missing !== said) options.log.info({ reason: missing, core: address }, 'waiting for the contract')
    said = missing
    await core.request('status', {}, signal) // a core that is gone is noticed here
    await pause(options.pollMs, signal)
  }
}

async function whatIsMissing(
  { chain, mirror, configuration, newKeyRules }: BringUpOptions,
  core: Hex,
): Promise<string | undefined> {
  const chainId = await chain.chainId()
  if (chainId !== configuration.chainId) return `the node serves chain ${chainId}, not ${configuration.chainId}`
  if (!(await chain.isDeployed())) return 'there is no contract yet'
  const head = await chain.head()
  if (head.committer !== core) return `the contract names ${head.committer} as its committer`
  // A change that one of the two has not seen yet keeps commits from landing, and nothing else.
  const known = [...mirror.configHashes, newKeyRules?.hash]
  if (!known.includes(head.configHash)) return `the contract names configuration ${head.configHash}`
  return undefined
}

const causeOf = (error: unknown): string | undefined =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : undefined
