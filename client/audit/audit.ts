/** The whole audit: chain events from the first block, the log from the first entry, and every register at one block. */
import type { Hex } from '../../ledger/hex.ts'
import type { Facts } from '../../ledger/refusal.ts'
import { topicOf } from '../chain/abi.ts'
import { decodeEvent } from '../chain/events.ts'
import type { RawLog, Rpc } from '../chain/rpc.ts'
import { wordOf } from '../chain/rpc.ts'
import { createTreasury, type Treasury } from '../chain/treasury.ts'
import { checkStateDocument } from '../checks/attestation.ts'
import { attestationIn } from '../checks/onChain.ts'
import type { Trust } from '../checks/trust.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Auditor, type AuditTotals, createAuditor, type EntrySource, findStruck } from './auditor.ts'

export interface AuditOptions {
  readonly rpc: Rpc
  readonly contract: Hex
  readonly chainId: bigint
  readonly trust: Trust
  readonly fromBlock: bigint
  readonly entries: EntrySource
  /** Entries that the daemon holds, anchored or not. */
  readonly logSize: number
  readonly onProgress?: (step: string, totals?: Readonly<AuditTotals>) => void
}

/** What was found: something that must never be, or something that could not be checked. */
export interface Finding {
  readonly verdict: 'fault' | 'unknown'
  readonly code: string
  readonly said: string
  readonly facts: Facts
}

export interface PayeeLine {
  readonly payee: Hex
  readonly earnedWei: bigint
  readonly paidWei: bigint
  readonly owedWei: bigint
}

export interface AuditReport {
  readonly verdict: 'holds' | 'fault' | 'unknown'
  readonly contract: Hex
  readonly chainId: bigint
  readonly block: bigint
  readonly totals: Readonly<AuditTotals>
  readonly boots: number
  readonly counter: bigint
  readonly root: Hex
  readonly logSize: number
  readonly earnedWei: bigint
  readonly paidWei: bigint
  readonly owedWei: bigint
  /** What the treasury holds. */
  readonly balanceWei: bigint
  readonly findings: readonly Finding[]
  readonly payees: readonly PayeeLine[]
}

/** @throws NotChecked where node or daemon do not answer */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const { rpc, contract, chainId, fromBlock, logSize, onProgress = () => undefined } = options
  const treasury = createTreasury({ rpc, address: contract })
  if ((await rpc.chainId()) !== chainId) throw new NotChecked('NODE_OF_OTHER_CHAIN', 'your node serves another chain')
  const { number: block } = await rpc.block()
  const logs: RawLog[] = []
  for await (const part of treasury.logs(fromBlock, block)) {
    logs.push(...part.logs)
    onProgress(`chain events up to block ${part.upTo}`)
  }

  const auditor = createAuditor({
    domain: { chainId, verifyingContract: contract },
    entries: options.entries,
    onProgress: (totals) => onProgress('replaying', totals),
  })
  const struck = findStruck(logs)
  for (const log of logs) {
    const event = decodeEvent(log)
    if (event?.name === 'Admitted') auditor.admit(event.args.configHash)
  }
  for (const log of logs) await auditor.feed(log, { isStruck: struck.has(log) })
  await auditor.finish(logSize)

  const findings: Finding[] = auditor.findings.map((finding) => ({ verdict: 'fault', ...finding }))
  const find = (verdict: Finding['verdict'], code: string, said: string, facts: Facts = {}): void => {
    findings.push({ verdict, code, said, facts })
  }
  onProgress('registers and tickets')
  await compareRegisters(options, { treasury, auditor, block, logs }, find)
  const boots = await checkBoots(options, logs, find)
  return makeReport(options, { treasury, auditor, block, boots, findings })
}

type Find = (verdict: Finding['verdict'], code: string, said: string, facts?: Facts) => void

interface Context {
  readonly treasury: Treasury
  readonly auditor: Auditor
  readonly block: bigint
}

/** Events against registers, the broker's events against ours: what the contract did not tell of would show here. */
async function compareRegisters(
  { rpc, fromBlock }: AuditOptions,
  { treasury, auditor, block, logs }: Context & { readonly logs: readonly RawLog[] },
  find: Find,
): Promise<void> {
  for (const [payee, wei] of auditor.paid) {
    const register = await treasury.paid(payee, block)
    if (register !== wei)
      find('fault', 'REGISTER_DIFFERS', 'the events do not add up to what the contract says was paid', {
        payee,
        events: `${wei}`,
        register: `${register}`,
      })
  }
  const totalPaid = await treasury.get('totalPaid', block)
  if (totalPaid !== auditor.totalPaidWei)
    find('fault', 'TOTAL_PAID_DIFFERS', 'the events do not add up to what the contract says was paid in all', {
      events: `${auditor.totalPaidWei}`,
      register: `${totalPaid}`,
    })
  const committers = new Set<Hex>()
  for (const log of logs) {
    const event = decodeEvent(log)
    if (event?.name === 'Admitted') committers.add(event.args.committer)
  }
  const credited = new Map<Hex, bigint>()
  const broker = await treasury.get('broker', block)
  for (const committer of committers) {
    const topics = [topicOf('WinningTicketTransfer(address,address,uint256)'), wordOf(BigInt(committer))]
    for await (const { logs: transfers } of createTreasury({ rpc, address: broker }).logs(fromBlock, block, topics))
      for (const {
        topics: [, , recipient],
        data,
      } of transfers) {
        const payee: Hex = `0x${(recipient as Hex).slice(26)}`
        credited.set(payee, (credited.get(payee) ?? 0n) + BigInt(data))
      }
  }
  for (const payee of new Set([...credited.keys(), ...auditor.tickets.keys()])) {
    const [ours, theirs] = [auditor.tickets.get(payee) ?? 0n, credited.get(payee) ?? 0n]
    // More at the broker is a gift: whoever puts money there in the core's name can have an old ticket paid by it.
    if (ours > theirs)
      find('fault', 'TICKETS_DIFFER', 'the broker credited less than the treasury paid by ticket', {
        payee,
        treasury: `${ours}`,
        broker: `${theirs}`,
      })
  }
}

/** Each boot showed an attestation in public. @returns how many boots there were */
async function checkBoots({ rpc, trust }: AuditOptions, logs: readonly RawLog[], find: Find): Promise<number> {
  let boots = 0
  for (const log of logs) {
    const event = decodeEvent(log)
    if (event?.name !== 'Opened') continue
    boots += 1
    const facts = { epoch: `${event.args.epoch}`, boot: event.args.boot }
    try {
      const calldata = await rpc.calldata(event.transactionHash)
      const document = calldata && attestationIn(calldata)
      if (!document) throw new NotChecked('NO_CALLDATA', 'the node does not have the call that opened an epoch')
      const state = checkStateDocument(document, trust, { at: 'document' })
      if (state.boot !== event.args.boot)
        throw new ProvedLie('OTHER_BOOT', 'an epoch was opened with the document of another boot')
    } catch (error) {
      if (error instanceof ProvedLie) find('fault', error.code, error.message, { ...facts, ...error.facts })
      else if (error instanceof NotChecked) find('unknown', error.code, error.message, { ...facts, ...error.facts })
      else throw error
    }
  }
  return boots
}

async function makeReport(
  { contract, chainId, rpc, logSize }: AuditOptions,
  { treasury, auditor, block, boots, findings }: Context & { readonly boots: number; readonly findings: Finding[] },
): Promise<AuditReport> {
  const head = await treasury.head(block)
  const [paidWei, balanceWei] = [await treasury.get('totalPaid', block), await rpc.balance(contract, block)]
  const owed = (earned: bigint, paid: bigint): bigint => (earned > paid ? earned - paid : 0n)
  const owedWei = owed(head.totalEarned, paidWei)
  if (auditor.counter !== head.counter)
    findings.push({
      verdict: 'fault',
      code: 'COMMIT_MISSING',
      said: 'the events do not lead to the head of the contract: is the first block right?',
      facts: { events: `${auditor.counter}`, head: `${head.counter}` },
    })
  if (balanceWei < owedWei)
    findings.push({
      verdict: 'fault',
      code: 'INSOLVENT',
      said: 'the treasury holds less than is owed',
      facts: { balance: `${balanceWei}`, owed: `${owedWei}` },
    })
  const accounts = [...(auditor.ledger?.accounts.values() ?? [])]
  const payees = accounts.map(({ payee, balance: { earnedWei } }) => {
    const paid = auditor.paid.get(payee) ?? 0n
    return { payee, earnedWei, paidWei: paid, owedWei: owed(earnedWei, paid) }
  })
  const verdict = findings.some((f) => f.verdict === 'fault') ? 'fault' : findings.length > 0 ? 'unknown' : 'holds'
  const { counter, root, totalEarned: earnedWei } = head
  const { totals } = auditor
  return {
    verdict,
    contract,
    chainId,
    block,
    totals,
    boots,
    counter,
    root,
    logSize,
    earnedWei,
    paidWei,
    owedWei,
    balanceWei,
    findings,
    payees,
  }
}
