/** What a reporter makes sure of before it sends anything: the same contract, the same core, the same history as before. */
import { ApiError, type Client, type Hex, type StatusAnswer } from '../client/index.ts'
import { type AcceptableCode, Fault } from './fault.ts'
import type { Outbox, Pins } from './outbox.ts'
import type { Patience } from './patience.ts'

export interface HandshakeOptions {
  readonly client: Client
  readonly outbox: Outbox
  readonly reporter: Hex
  readonly patience: Patience
  readonly isAccepted: (code: AcceptableCode) => boolean
  readonly signal: AbortSignal
}

/** Waits for the daemon, pins what it says at the first run, compares with the pins ever after. @throws Fault; the signal's reason */
export async function shakeHands({
  client,
  outbox,
  reporter,
  patience,
  isAccepted,
  signal,
}: HandshakeOptions): Promise<Pins> {
  const told = await patience.ask(async () => pinsOf(await client.status()), signal)
  const pins = outbox.pins()
  if (pins) checkPins(pins, told, isAccepted)
  const { nextSequence } = await patience
    .ask(() => client.reporter(reporter), signal)
    .catch((cause) => {
      throw cause instanceof ApiError && cause.status === 404 ? unknownReporter(reporter, cause) : cause
    })
  resume(outbox, nextSequence, isAccepted)
  outbox.pin(told)
  return told
}

function pinsOf({ core, chainId, verifyingContract }: StatusAnswer): Pins {
  // As if it had not answered: a core is born or loaded, and will have an address.
  if (!core?.address) throw new ApiError('NO_CORE', 'its core is not up yet', { status: 503 })
  return { domain: { chainId, verifyingContract }, core: core.address }
}

function checkPins(pins: Pins, told: Pins, isAccepted: HandshakeOptions['isAccepted']): void {
  const { chainId, verifyingContract } = told.domain
  if (pins.domain.chainId !== chainId || pins.domain.verifyingContract !== verifyingContract)
    throw new Fault(
      'OTHER_CONTRACT',
      `this state is for contract ${pins.domain.verifyingContract} on chain ${pins.domain.chainId}, and the daemon serves ${verifyingContract} on chain ${chainId}`,
      { next: 'correct --url, or name another state file with --state for the other contract' },
    )
  if (pins.core !== told.core && !isAccepted('CORE_CHANGED'))
    throw new Fault('CORE_CHANGED', `the core was ${pins.core} and is now ${told.core}`, {
      next: `read the committer from the contract ${verifyingContract}; if it is ${told.core}, add --accept CORE_CHANGED once`,
    })
}

/** Settles from which sequence on to send. What is stored and has no receipt is sent in any case: a repeat is only answered. */
function resume(outbox: Outbox, asked: bigint, isAccepted: HandshakeOptions['isAccepted']): void {
  const next = outbox.nextSequence()
  const pending = outbox.firstPending()?.batch.sequence ?? next
  if (asked > next) {
    if (pending === next && isAccepted('STATE_LOST')) outbox.adoptSequence(asked)
    else throw stateLost(asked, next)
  } else if (asked < pending) {
    if (outbox.holdsFrom(asked) && isAccepted('BATCHES_LOST')) outbox.markLost(asked)
    else throw batchesLost(asked, pending, outbox.holdsFrom(asked))
  }
}

const unknownReporter = (reporter: Hex, cause: ApiError): Fault =>
  new Fault('UNKNOWN_REPORTER', `the configuration has no reporter ${reporter}`, {
    next: 'have the operator add it to the configuration, then run again; or name the key of a reporter with --key',
    cause,
  })

const stateLost = (asked: bigint, next: bigint): Fault =>
  new Fault('STATE_LOST', `the ledger has ${asked} batches of this key, and this state knows of ${next}`, {
    next: 'name the right state file with --state; if it is gone, give only usage that was never reported, and add --accept STATE_LOST once',
  })

const batchesLost = (asked: bigint, pending: bigint, isHeld: boolean): Fault =>
  new Fault('BATCHES_LOST', `the ledger acknowledged batches up to ${pending - 1n} and now asks for ${asked} again`, {
    next: isHeld
      ? 'tell the operator; the receipts prove it and stay in the state file; to send those batches again, add --accept BATCHES_LOST once'
      : 'tell the operator: batches that a commit covered are missing from the ledger, and their receipts prove it',
  })
