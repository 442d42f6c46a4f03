/** One look at daemon and chain: everything that is wrong now, and the figures to plot. Keeps what it must between looks, decides nothing else. */
import { imageRegisters } from '../../attestation/document.ts'
import type { AttestedState } from '../../client/checks/attestation.ts'
import {
  ApiError,
  type Client,
  checkContinues,
  checkLogHead,
  checkStateDocument,
  createTreasury,
  type Head,
  type LogAnswer,
  NotChecked,
  ProvedLie,
  type Rpc,
  type StatusAnswer,
  type Trust,
} from '../../client/index.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { payeeRule } from '../../ledger/state.ts'
import type { LogFile } from '../logFile.ts'
import { finding, type MonitorCode, type MonitorFinding, safetyCodes } from './findings.ts'
import { createReplay } from './replay.ts'
import type { Seen } from './seen.ts'

/** From when on waiting is worth an alarm, seconds of the chain's clock. */
export interface Patience {
  readonly anchorSeconds: number
  readonly payoutSeconds: number
  readonly silenceSeconds: number
  readonly lagSeconds: number
}

export interface WatchOptions {
  readonly client: Client
  readonly rpc: Rpc
  readonly contract: Hex
  readonly chainId: bigint
  readonly trust: Trust
  readonly patience: Patience
  readonly fromBlock: bigint
  readonly confirmations: bigint
  readonly file: LogFile
  /** What the last look remembered; undefined: what is seen first is taken for right. */
  readonly seen: Seen | undefined
  readonly nowMs: () => number
}

/** Figures by name, as they are plotted. */
export type Gauges = Readonly<Record<string, number>>

export interface Look {
  readonly findings: readonly MonitorFinding[]
  readonly gauges: Gauges
  readonly seen: Seen
}

export function createWatch(options: WatchOptions) {
  const { client, rpc, contract, chainId, trust, patience } = options
  const domain = { chainId, verifyingContract: contract }
  const treasury = createTreasury({ rpc, address: contract })
  const replay = createReplay({ ...options, treasury, domain })
  let seen: Seen = options.seen ?? { contract, head: null, configHash: null, committer: null, image: null }
  /** Since when each payee has waited for what it is owed now, and what had been paid by then. */
  const waiting = new Map<Hex, { readonly since: bigint; readonly paidWei: bigint }>()
  /** What was proved once stays proved. */
  const proved = new Map<string, MonitorFinding>()

  return async function look(): Promise<Look> {
    const found: MonitorFinding[] = []
    const gauges: Record<string, number> = {}
    const add = (code: MonitorCode, said: string, facts: MonitorFinding['facts'] = {}): void => {
      const made = finding(code, said, facts)
      if (made.kind === 'safety') proved.set(`${code} ${JSON.stringify(facts)}`, made)
      else found.push(made)
    }
    /** Part of a look: a lie is a finding, silence another; the other parts go on. */
    const part = async (
      silence: MonitorCode,
      lie: MonitorCode | undefined,
      work: () => Promise<void>,
    ): Promise<void> => {
      try {
        await work()
      } catch (error) {
        if (error instanceof ProvedLie) add(codeOf(error, lie), error.message, error.facts)
        else if (error instanceof NotChecked && error.code.startsWith('RPC_')) add('NODE_UNREACHABLE', error.message)
        else if (error instanceof NotChecked || error instanceof ApiError)
          add(silence, error.message, { code: error.code })
        else throw error
      }
    }

    let head: Head | undefined
    let now = 0n
    let upTo = 0n
    await part('NODE_UNREACHABLE', undefined, async () => {
      const newest = await rpc.block()
      now = newest.timestamp
      upTo = newest.number > options.confirmations ? newest.number - options.confirmations : 0n
      head = await treasury.head(upTo)
      await judgeContract(head, upTo)
    })
    let status: StatusAnswer | undefined
    let log: LogAnswer | undefined
    await part('DAEMON_UNREACHABLE', undefined, async () => {
      status = await client.status()
      log = await client.log()
    })
    const [known, answered, shown] = [head, status, log]
    if (known && shown) await part('DAEMON_UNREACHABLE', 'LOG_FORKED', () => judgeLog(known, shown))
    if (known && answered) {
      judgeDaemon(known, answered)
      await part('ATTESTATION_NOT_CHECKED', 'ATTESTATION_FORGED', () => judgeImage(known, answered))
    }
    if (known) await part('DAEMON_UNREACHABLE', undefined, () => judgeBooks(known))
    return { findings: [...proved.values(), ...found], gauges, seen }

    async function judgeContract(current: Head, block: bigint): Promise<void> {
      const [paid, balance, silentAt] = [
        await treasury.get('totalPaid', block),
        await rpc.balance(contract, block),
        await treasury.get('silentAt', block),
      ]
      const owed = current.totalEarned > paid ? current.totalEarned - paid : 0n
      if (balance < owed)
        add('INSOLVENT', 'the treasury holds less than is owed', { balance: `${balance}`, owed: `${owed}` })
      if (await treasury.get('frozen', block)) add('FROZEN', 'the contract is frozen for good')
      if (seen.configHash !== null && seen.configHash !== current.configHash)
        add('CONFIGURATION_CHANGED', 'the contract names another configuration', {
          before: seen.configHash,
          now: current.configHash,
        })
      if (seen.committer !== null && seen.committer !== current.committer)
        add('COMMITTER_CHANGED', 'the contract follows another key', { before: seen.committer, now: current.committer })
      seen = {
        ...seen,
        configHash: seen.configHash ?? current.configHash,
        committer: seen.committer ?? current.committer,
      }
      if (current.counter > 0n && silentAt - now < BigInt(patience.silenceSeconds))
        add('SILENCE_RUNNING_OUT', 'without a commit anyone may soon freeze the contract', {
          left_s: `${silentAt - now}`,
        })
      Object.assign(gauges, {
        balance_wei: Number(balance),
        owed_wei: Number(owed),
        counter: Number(current.counter),
        epoch: Number(current.epoch),
        anchor_age_seconds: current.committedAt === 0n ? 0 : Number(now - current.committedAt),
        silence_left_seconds: Number(silentAt - now),
      })
    }

    /** What is kept is signed by the core: two heads that do not fit are a proof that anyone can check. */
    async function judgeLog(current: Head, { size, root, signed }: LogAnswer): Promise<void> {
      gauges.log_size = size
      if (BigInt(size) < current.logSize)
        throw new ProvedLie('LOG_SHRANK', 'the daemon shows fewer entries than are anchored', { size })
      if (
        current.counter > 0n &&
        BigInt(size) > current.logSize &&
        now - current.committedAt > BigInt(patience.anchorSeconds)
      )
        add('NO_ANCHOR', 'entries have waited too long to be anchored', { since_s: `${now - current.committedAt}` })
      if (!signed) return
      checkLogHead(domain, seen.committer ?? current.committer, signed)
      const sight = { size: Number(signed.size), root: signed.root }
      checkContinues(sight, { size, root }, sight.size > size ? [] : await client.consistency(sight.size, size))
      const { head: before } = seen
      if (before) {
        const older = { size: Number(before.size), root: before.root }
        checkContinues(older, { size, root }, older.size > size ? [] : await client.consistency(older.size, size))
      }
      seen = { ...seen, head: signed }
    }

    function judgeDaemon(current: Head, { head: shownHead, isEpochOpen, state }: StatusAnswer): void {
      const isLate = now - current.committedAt > BigInt(patience.lagSeconds)
      if ((shownHead?.counter ?? 0n) < current.counter && isLate)
        add('DAEMON_BEHIND', 'the daemon does not show a commit that landed long ago', {
          shown: `${shownHead?.counter ?? 0n}`,
          counter: `${current.counter}`,
        })
      if (!isEpochOpen) add('EPOCH_NOT_OPEN', 'no core is at work', { state })
    }

    async function judgeImage(current: Head, { isEpochOpen }: StatusAnswer): Promise<void> {
      if (!isEpochOpen) return
      const nonce = crypto.getRandomValues(new Uint8Array(32))
      const { documentB64 } = await client.attestation(toHex(nonce))
      const image = imageIn(() => checkStateDocument(documentB64, trust, { nonce, at: options.nowMs() }), current)
      if (seen.image !== null && seen.image !== image)
        add('MEASUREMENT_CHANGED', 'another image runs than before', { before: seen.image, now: image })
      seen = { ...seen, image: seen.image ?? image }
    }

    async function judgeBooks(current: Head): Promise<void> {
      await replay.catchUp(upTo)
      const { auditor } = replay
      for (const { code, said, facts } of auditor.findings) add(code, said, facts)
      const register = await treasury.get('totalPaid', upTo)
      if (register !== auditor.totalPaidWei)
        add('TOTAL_PAID_DIFFERS', 'the events do not add up to what the contract says was paid', {
          events: `${auditor.totalPaidWei}`,
          register: `${register}`,
        })
      gauges.payments = auditor.totals.payments
      judgeWaiting(current)
    }

    function judgeWaiting(current: Head): void {
      const { ledger, paid } = replay.auditor
      if (!ledger) return
      for (const { payee, balance } of ledger.accounts.values()) {
        const paidWei = paid.get(payee) ?? 0n
        const { minimumWei } = payeeRule(ledger, payee)
        const before = waiting.get(payee)
        if (balance.earnedWei <= paidWei || balance.earnedWei - paidWei < minimumWei) waiting.delete(payee)
        else if (before?.paidWei !== paidWei) waiting.set(payee, { since: current.committedAt, paidWei })
        else if (now - before.since > BigInt(patience.payoutSeconds))
          add('PAYOUT_STUCK', 'someone has waited too long for what is owed', {
            payee,
            owed: `${balance.earnedWei - paidWei}`,
            since_s: `${now - before.since}`,
          })
      }
    }
  }
}

/** The registers of a document that stands. Where no image is trusted, at least it is seen when another comes in its place. */
function imageIn(check: () => AttestedState, { committer }: Head): string {
  try {
    const { address, attestation } = check()
    if (address !== committer)
      throw new ProvedLie('ATTESTATION_FORGED', 'the enclave holds another key than the contract follows')
    return imageRegisters.map((n) => toHex(attestation.document.pcrs.get(n) ?? new Uint8Array())).join(' ')
  } catch (error) {
    if (!(error instanceof NotChecked && error.code === 'NO_IMAGE_TRUSTED')) throw error
    return imageRegisters.map((n) => error.facts[`pcr${n}`]).join(' ')
  }
}

/** The name of a lie as a monitor lists it. */
function codeOf({ code }: ProvedLie, otherwise: MonitorCode | undefined): MonitorCode {
  const named = safetyCodes.find((name) => name === code)
  if (code === 'WRONG_PCR') return 'MEASUREMENT_CHANGED'
  return named ?? otherwise ?? 'LOG_FORKED'
}
