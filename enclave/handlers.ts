/** One handler a method: check, decide, apply, seal, answer. `dispatch.ts` has judged phase and form before. */
import { isSecretKey } from '#primitives'
import { checkConfiguration } from '../ledger/config.ts'
import { type Authentic, authenticate, bringsNewKey, decodeEntry, type Entry, fromSealed } from '../ledger/entry.ts'
import { logRoot } from '../ledger/eventLog.ts'
import { type Hex, toBytes, toHex, zeroHash } from '../ledger/hex.ts'
import { invariant } from '../ledger/invariant.ts'
import { Refusal, refuse } from '../ledger/refusal.ts'
import { recoverAddress } from '../ledger/signature.ts'
import { createLedger, type Ledger, rootOf } from '../ledger/state.ts'
import type { Open } from '../ledger/structs.ts'
import { applyEntry, type Outcome } from '../ledger/transition.ts'
import { digest } from '../ledger/typedData.ts'
import {
  type EntryResult,
  entriesBytesMax,
  type Method,
  type Params,
  type Result,
  type TransactionHints,
} from '../protocol/messages.ts'
import { readHeader } from '../protocol/sealedHeader.ts'
import { stateUserData } from '../protocol/userData.ts'
import { certifyBirth, checkBirth } from './birth.ts'
import { type Core, version } from './core.ts'
import { isOwnCommit, proveOwnHead } from './heads.ts'
import { identityOf, type Live, noHead } from './live.ts'
import { createLoader } from './load.ts'
import { buildCommit, decidePayments } from './payouts.ts'
import { noteReplayed, pendingEntry, sealChange } from './records.ts'
import { createSealer, noRecords } from './seal.ts'
import { createSigner } from './signer.ts'
import { encodeSnapshot } from './snapshot.ts'
import { type Call, checkFees, encodeCall } from './transactions.ts'
import { requestUnwrap, takeStateKey } from './unwrap.ts'
import { wrapStateKey } from './wrap.ts'

export const handlers: { readonly [M in Method]: (core: Core, params: Params<M>) => Result<M> } = {
  status(core) {
    const { live } = core
    return {
      phase: core.phase,
      version,
      address: live?.signer.address ?? null,
      configHash: live?.ledger.rules.hash ?? null,
      epoch: live?.epoch ?? 0n,
      boot: core.boot,
      counter: live?.own.counter ?? 0n,
      ledgerRoot: live?.own.root ?? zeroHash,
      anchored: live?.anchored ?? noHead,
      ...logOf(live?.ledger),
      record: live?.sealer.last ?? noRecords,
      warnings: warningsOf(core),
    }
  },

  attestation(core, { nonce }) {
    const live = liveOf(core)
    return { documentB64: attestState(core, live, nonce), birthB64: live.birth.certificate }
  },

  genesis(core, { configuration, logBegins }) {
    const { hash } = checkConfiguration(configuration)
    const ledger = createLedger(logBegins ?? configuration)
    const { domain } = ledger.rules
    const key = core.platform.random(32)
    const stateKey = core.platform.random(32)
    invariant(isSecretKey(key), 'the random bytes are no secp256k1 key')
    const signer = createSigner(key, domain)
    const wrappedKeys = configuration.kmsKeys.map((kmsKey) => wrapStateKey(stateKey, kmsKey, domain))
    const birth = certifyBirth(core.platform, { address: signer.address, configHash: hash })
    if (wrappedKeys.length === 0) {
      if (!core.platform.stateKey) return refuseNoStateKey()
      core.platform.stateKey.save(stateKey)
    }
    const sealer = createSealer(stateKey, core.boot, domain, noRecords)
    stateKey.fill(0)
    const live: Live = {
      ledger,
      signer,
      sealer,
      birth,
      wrappedKeys,
      epoch: 0n,
      own: noHead,
      anchored: noHead,
      pending: logBegins && configuration,
      replayed: [],
    }
    noteReplayed(live)
    core.live = live
    core.phase = 'closed'
    return {
      address: signer.address,
      configHash: hash,
      birthB64: birth.certificate,
      wrappedKeys,
      sealed: sealSnapshot(live),
    }
  },

  unwrap_request(core) {
    core.loader = undefined // what was begun with an older key does not go on with this one
    return { documentB64: requestUnwrap(core) }
  },

  load_state(core, { key, sealed, isLast }) {
    if (core.loader && key) refuse('BAD_PARAMS', 'the key comes with the first part', { path: 'params.key' })
    const loader = core.loader ?? createLoader(stateKeyFor(core, key, sealed[0]))
    core.loader = undefined // a refusal ends this loading: the next one begins anew
    for (const one of sealed) loader.push(one)
    if (isLast) {
      const live = loader.finish(core.boot)
      checkBirth(core.platform, live.birth)
      core.live = live
      core.phase = 'closed'
    } else core.loader = loader
    return { loaded: sealed.length }
  },

  export_state(core, { chunk }) {
    const live = liveOf(core)
    if (chunk === 0) core.exported = { chunks: sealSnapshot(live), record: live.sealer.last.number }
    const sealed = core.exported?.chunks[chunk]
    if (!core.exported || !sealed) return refuse('BAD_PARAMS', 'an export begins at chunk 0', { path: 'params.chunk' })
    const { chunks, record } = core.exported
    if (chunk === chunks.length - 1) core.exported = undefined
    return { sealed, chunks: chunks.length, record, wrappedKeys: live.wrappedKeys }
  },

  open_epoch(core, { head, hints }) {
    const live = liveOf(core)
    const base = proveOwnHead(live, head)
    checkFees(hints, (live.pending ?? live.ledger.rules.configuration).feeCaps)
    const appended = pendingEntry(live)
    for (const entry of appended) applyEntry(live.ledger, entry)
    live.pending = null
    live.epoch = base.epoch + 1n
    const { logSize, logRoot: root } = logOf(live.ledger)
    const open: Open = {
      epoch: live.epoch,
      prevBoot: base.boot,
      counter: base.counter,
      root: base.root,
      boot: core.boot,
      logSize,
      logRoot: root,
      attestation: toHex(attestState(core, live, null)),
    }
    core.phase = 'open'
    const record = sealChange(live, 'open', appended)
    const signature = live.signer.signStruct('Open', open)
    return { open, signature, transaction: transactionOf(live, ['Open', open], signature, hints), record }
  },

  apply_event(core, { entries }) {
    const live = liveOf(core)
    const { ledger } = live
    if (entries.reduce((sum, leaf) => sum + leaf.length, 0) > entriesBytesMax)
      refuse('BAD_PARAMS', 'too many bytes in one request', { path: 'params.entries', expected: entriesBytesMax })
    const untrusted = entries.map((leaf, i) => ({ leaf, entry: readEntry(leaf, i) }))
    const accepted: Authentic[] = []
    const results = untrusted.map((one) => applyOne(live, one, accepted))
    const record = accepted.length > 0 ? sealChange(live, 'entries', accepted) : null
    if (record) noteReplayed(live)

    // Nothing is acknowledged before an epoch is open: a receipt of a boot that the chain does not know proves a fault.
    if (core.phase !== 'open') return { results, head: null, ...logOf(ledger), record }
    const { logSize, logRoot: root } = logOf(ledger)
    const head = { epoch: live.epoch, boot: core.boot, size: logSize, root }
    const signature = live.signer.signStruct('LogHead', head)
    return { results, head: { ...head, signature }, logSize, logRoot: root, record }
  },

  prepare_payouts(core, { head, round, payments, hints }) {
    const live = liveOf(core)
    const base = proveOwnHead(live, head)
    checkFees(hints, live.ledger.rules.configuration.feeCaps)
    const decided = decidePayments(live.ledger, payments)
    const commit = buildCommit(live, core.boot, base, decided, round)
    live.own = { counter: commit.counter, root: rootOf(commit.next) }
    const record = sealChange(live, 'commit')
    const signature = live.signer.signStruct('Commit', commit)
    return {
      payoutId: toHex(digest(live.ledger.rules.domain, 'Commit', commit)),
      commit,
      signature,
      leftOut: decided.leftOut,
      transaction: transactionOf(live, ['Commit', commit], signature, hints),
      record,
    }
  },

  sign_transaction(core, { open, commit, signature, hints }) {
    const live = liveOf(core)
    const { domain, configuration } = live.ledger.rules
    const call: Call | null = open ? ['Open', open] : commit && ['Commit', commit]
    if (!call || (open && commit))
      return refuse('BAD_PARAMS', 'give one of open and commit', { path: 'params', expected: 'open or commit' })
    const hash = call[0] === 'Open' ? digest(domain, 'Open', call[1]) : digest(domain, 'Commit', call[1])
    if (recoverAddress(hash, signature) !== live.signer.address)
      refuse('NOT_OWN_SIGNATURE', 'this core signs transactions only around what it signed itself')
    checkFees(hints, configuration.feeCaps)
    return { transaction: transactionOf(live, call, signature, hints) }
  },

  confirm_payout(core, { commit, signature }) {
    const live = liveOf(core)
    if (!isOwnCommit(live, commit, signature)) refuse('NOT_OWN_SIGNATURE', 'this commit is not signed by this core')
    live.anchored = { counter: commit.counter, root: rootOf(commit.next) }
    return live.anchored
  },
}

/** Through KMS where the host brings its answer, otherwise as the platform keeps it. */
function stateKeyFor(core: Core, key: Params<'load_state'>['key'], first: Uint8Array | undefined): Uint8Array {
  if (key)
    return takeStateKey(
      core,
      { wrapped: key.wrapped, ciphertext: key.ciphertextB64 },
      readHeader(first ?? new Uint8Array()),
    )
  return core.platform.stateKey?.load() ?? refuseNoStateKey()
}

const refuseNoStateKey = (): never =>
  refuse('NO_STATE_KEY', 'this core has no key to open a state with, and no place for one: it needs KMS')

function warningsOf({ platform, live }: Core): readonly string[] {
  if (!live || live.wrappedKeys.length > 0) return platform.warnings
  return [...platform.warnings, 'the configuration names no KMS key: the state key is in a file, not for production']
}

/** The phase table lets a handler run only where there is a state. */
function liveOf({ live }: Core): Live {
  invariant(live !== undefined, 'a phase without a state')
  return live
}

const logOf = (ledger: Ledger | undefined) => ({
  logSize: BigInt(ledger?.log.size ?? 0),
  logRoot: ledger ? logRoot(ledger.log) : zeroHash,
})

const sealSnapshot = (live: Live): Uint8Array[] =>
  live.sealer.sealSnapshot(encodeSnapshot({ identity: identityOf(live), ledger: live.ledger }))

const transactionOf = ({ signer }: Live, call: Call, signature: Hex, hints: TransactionHints): Hex =>
  signer.signTransaction({ ...hints, data: encodeCall(call, signature) })

/** An attestation document (COSE_Sign1) over the state that the core is in. */
function attestState(
  { platform, boot }: Core,
  { signer, ledger, epoch, anchored }: Live,
  nonce: Hex | null,
): Uint8Array {
  const userData = stateUserData({ address: signer.address, configHash: ledger.rules.hash, epoch, ...anchored, boot })
  return platform.attest(nonce === null ? { userData } : { userData, nonce: toBytes(nonce) })
}

/** An entry as the host sends it: its bytes in the log. */
interface Untrusted {
  readonly leaf: Uint8Array
  readonly entry: Entry
}

function readEntry(leaf: Uint8Array, i: number): Entry {
  try {
    return decodeEntry(leaf)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return refuse('BAD_PARAMS', 'these are not the bytes of an entry', { path: `params.entries[${i}]` })
  }
}

/** Judges one entry alone: a refusal of it leaves the others untouched. */
function applyOne(
  { ledger, pending }: Live,
  { leaf, entry: untrusted }: Untrusted,
  accepted: Authentic[],
): EntryResult {
  const nothing = { position: null, odd: [], problem: null }
  try {
    // In a replay a new key's configuration is as good as the root that covers it; after that root, as `pending`, whose
    // `previous` names it and whose own hash the contract admits.
    const isTakenAsItIs = pending && bringsNewKey(untrusted)
    const entry = isTakenAsItIs ? fromSealed(untrusted, leaf) : authenticate(ledger.rules, untrusted, leaf)
    const outcome: Outcome = applyEntry(ledger, entry)
    if (outcome.status === 'accepted') accepted.push(entry)
    return { ...nothing, ...outcome }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, facts } = error
    return { ...nothing, status: 'refused', problem: { code, message, facts } }
  }
}
