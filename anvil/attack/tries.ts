/** The ten most famous moves of a hostile host. Each returns what was said to it, never what should have been said. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { treasuryAbi } from '../../abi/index.ts'
import { Rejection } from '../../attestation/rejection.ts'
import { verifyAttestation } from '../../attestation/verify.ts'
import type { SentBatch } from '../../client/entries.ts'
import { splitPayment } from '../../client/paymentWord.ts'
import { createCore } from '../../enclave/core.ts'
import { dispatch } from '../../enclave/dispatch.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { type Hex, toBytes } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { HeadProof, Params, Result } from '../../protocol/messages.ts'
import { createLocalPlatform } from '../localPlatform.ts'
import { landCommit, landOpen, redeemTicket, revertOf } from './chainSide.ts'
import { type HostileCore, refusalOf } from './hostileCore.ts'
import type { Landed, Stage, Stored } from './stage.ts'

/** Something the host asked for that it must not get: by whom it was stopped, with what; no code where it got it. */
export interface Step {
  readonly what: string
  readonly by: 'core' | 'contract' | 'broker' | 'verifier'
  readonly code: string | undefined
}

export interface Try {
  readonly title: string
  readonly tried: string
  run(host: Host): Promise<readonly Step[]>
}

/** A host with two cores of one state, and what it has learnt. */
export interface Host extends Stage {
  readonly first: HostileCore
  readonly second: HostileCore
  /** What made the contract's head. */
  made: Omit<Landed, 'calldata'>
  /** A signed commit that it kept back, and what its first payee had got by then. */
  kept?: Result<'prepare_payouts'> & { readonly paid: bigint }
}

const hints = { nonce: 0n, gas: 20_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }

const headOf = ({ world: { wallet, deployment } }: Stage) =>
  wallet.chain.readContract({ address: deployment.treasury, abi: treasuryAbi, functionName: 'head' })

/** The contract's head, with the commit that is said to have made it. */
async function proof(
  stage: Stage,
  { log }: Stored,
  { commit, signature }: Omit<Landed, 'calldata'>,
): Promise<HeadProof> {
  const { epoch, boot } = await headOf(stage)
  const size = Number(commit.next.logSize)
  const consistency = size > log.size ? [] : log.consistencyProof(size)
  return { epoch, boot, counter: commit.counter, root: rootOf(commit.next), made: { commit, signature }, consistency }
}

export const loadInto = (core: HostileCore, sealed: readonly Uint8Array[]) =>
  core.request('load_state', { key: null, sealed: [...sealed], isLast: true })

async function duesOf({ world, earned }: Stage): Promise<Params<'prepare_payouts'>['payments']> {
  const { wallet, deployment, payees } = world
  return Promise.all(
    payees.map(async ({ address }) => {
      const args = [address] as const
      const register = { address: deployment.treasury, abi: treasuryAbi, functionName: 'paid', args } as const
      return { payee: address, total: earned.get(address) ?? 0n, paid: await wallet.chain.readContract(register) }
    }),
  )
}

async function sign(host: Host, core: HostileCore, head: HeadProof, more = 0n): Promise<Result<'prepare_payouts'>> {
  const payments = (await duesOf(host)).map((due) => ({ ...due, total: due.total + more }))
  const { round, blockHash } = await host.round()
  return core.request('prepare_payouts', { head, round: { number: round, blockHash }, payments, hints })
}

export const tries: readonly Try[] = [
  {
    title: 'Roll back the database',
    tried: "It starts the core from yesterday's disk, on which the last payouts were not made yet, to make them again.",
    async run(host) {
      const core = await host.startCore('rolled-back')
      await loadInto(core, host.old.sealed)
      const open = core.request('open_epoch', { head: await proof(host, host.old, host.head), hints })
      const honest = await refusalOf(open)
      // The old core's own last head it takes for granted; the contract knows better.
      const { epoch, boot } = await headOf(host)
      const none: HeadProof = { epoch, boot, counter: 0n, root: `0x${'00'.repeat(32)}`, made: null, consistency: [] }
      const signed = await core.request('open_epoch', { head: none, hints })
      const code = await landOpen(host.world, signed)
      await core.stop()
      return [
        { what: 'shows it the true head of the contract', by: 'core', code: honest },
        { what: 'tells it that nothing was ever committed, and sends what it signs', by: 'contract', code },
      ]
    },
  },
  {
    title: 'Edit the disk',
    tried: 'It changes one byte of the sealed records; then it leaves one of them out.',
    async run({ now: { sealed }, startCore }) {
      const core = await startCore('edited')
      const last = Uint8Array.from(sealed.at(-1) as Uint8Array)
      last[last.length - 30] = (last.at(-30) as number) ^ 1
      const changed = await refusalOf(loadInto(core, sealed.with(-1, last)))
      const without = await refusalOf(loadInto(core, sealed.toSpliced(-2, 1)))
      await core.stop()
      return [
        { what: 'loads the changed record', by: 'core', code: changed },
        { what: 'loads the rest without one record', by: 'core', code: without },
      ]
    },
  },
  {
    title: 'Lie about the chain',
    tried: 'It tells the core that the contract stands at a head of its own invention.',
    async run(host) {
      const { commit, signature } = host.head
      const forged = { ...commit, next: { ...commit.next, totalEarned: commit.next.totalEarned * 2n } }
      const head = await proof(host, host.now, { commit: forged, signature })
      const code = await refusalOf(host.first.request('open_epoch', { head, hints }))
      return [{ what: 'asks it to open an epoch on the invented head', by: 'core', code }]
    },
  },
  {
    title: 'Run two cores from one state',
    tried: 'It starts the core twice from one disk, lets both open the same epoch, and has both sign payouts.',
    async run(host) {
      const head = await proof(host, host.now, host.head)
      const [one, other] = await Promise.all(
        [host.first, host.second].map((core) => core.request('open_epoch', { head, hints })),
      )
      const opened = await landOpen(host.world, one as Result<'open_epoch'>)
      if (opened) throw new Error(`the first of two cores could not open: ${opened}`)
      const code = await landOpen(host.world, other as Result<'open_epoch'>)
      const commit = await sign(host, host.second, head)
      return [
        { what: 'sends the second open', by: 'contract', code },
        { what: 'sends the payouts of the second core', by: 'contract', code: await landCommit(host.world, commit) },
      ]
    },
  },
  {
    title: 'Replay a payout',
    tried: 'It takes a commit that paid everybody out of the chain, byte by byte, and sends it again.',
    async run({ world, landed }) {
      const code = await revertOf(world, world.deployment.treasury, landed.calldata)
      return [{ what: 'sends the same transaction again', by: 'contract', code }]
    },
  },
  {
    title: 'Change payee and amount',
    tried:
      'It lets the core sign what is due, and writes its own address, then a larger amount, into the signed bytes.',
    async run(host) {
      const signed = await sign(host, host.first, await proof(host, host.now, host.head))
      const direct = signed.commit.payments.length - 1
      const { payee, wei } = splitPayment(signed.commit.payments[direct] as Hex)
      const host20 = host.world.wallet.account.address.toLowerCase()
      const send = (word: string) => {
        const payments = signed.commit.payments.with(direct, word as Hex)
        return landCommit(host.world, { ...signed, commit: { ...signed.commit, payments } })
      }
      const amount = (total: bigint): string => total.toString(16).padStart(24, '0')
      const [due] = await duesOf(host)
      host.kept = { ...signed, paid: due?.paid ?? 0n }
      return [
        { what: 'sends it with its own address as payee', by: 'contract', code: await send(host20 + amount(wei)) },
        { what: 'sends it with twice the amount', by: 'contract', code: await send(payee + amount(2n * wei)) },
      ]
    },
  },
  {
    title: 'Steal a ticket',
    tried:
      'It keeps that commit back. A ticket is a bearer cheque, and the commit shows all that is needed to cash it: it tries.',
    async run({ world, kept }) {
      if (!kept) throw new Error('no commit was kept back')
      const code = await redeemTicket(world, kept.commit, kept.paid)
      return [{ what: 'cashes the first ticket by itself', by: 'broker', code }]
    },
  },
  {
    title: 'Be paid twice',
    tried: 'It says that this commit was lost, has the same payouts signed again, and sends both.',
    async run(host) {
      const { world, kept } = host
      if (!kept) throw new Error('no commit was kept back')
      host.made = await sign(host, host.first, await proof(host, host.now, host.made))
      const paid = await landCommit(world, host.made)
      if (paid) throw new Error(`an honest commit reverts: ${paid}`)
      return [
        { what: 'sends the commit that it kept back', by: 'contract', code: await landCommit(world, kept) },
        {
          what: 'cashes its first ticket once more',
          by: 'broker',
          code: await redeemTicket(world, kept.commit, kept.paid),
        },
      ]
    },
  },
  {
    title: 'Invent earnings',
    tried:
      'It asks the core to pay more than was earned, and feeds it reports: an old one again, one changed, one of another network.',
    async run(host) {
      const more = await refusalOf(sign(host, host.first, await proof(host, host.now, host.made), 1n))
      const { batch } = host
      const [event] = batch.batch.events
      const changed: SentBatch = {
        ...batch,
        batch: { ...batch.batch, sequence: 3n, events: event ? [{ ...event, value: event.value * 1000n }] : [] },
      }
      const entries = [batch, changed, host.signElsewhere(batch)]
      const { results } = await host.first.request('apply_event', { entries: entries.map(entryLeaf) })
      const [again, forged, foreign] = results.map(({ problem }) => problem?.code)
      return [
        { what: 'asks for one wei more for everybody', by: 'core', code: more },
        { what: 'gives it a report that counted long ago', by: 'core', code: again },
        { what: 'gives it a report with a thousand times the work', by: 'core', code: forged },
        { what: 'gives it a report signed for another network', by: 'core', code: foreign },
      ]
    },
  },
  {
    title: 'Forge an enclave',
    tried:
      "It runs the core's program where it can read its memory, under an authority of its own, and shows its documents.",
    async run({ world, folder, copyKeys, startCore }) {
      const own = join(folder, 'forged')
      const core = createCore(createLocalPlatform({ folder: own }))
      const configuration = JSON.parse(readFileSync(join(folder, 'configuration.json'), 'utf8'))
      const genesis = dispatch(core, { id: 1, method: 'genesis', params: { configuration, log_begins: null } }, rethrow)
      const { birth_b64, sealed } = genesis.result as { birth_b64: string; sealed: readonly Uint8Array[] }
      const document = Buffer.from(birth_b64, 'base64')
      // It even slips its state key to a true core: it has the disk where that is kept.
      const keys = copyKeys('slipped-in')
      writeFileSync(join(keys, 'state.key'), readFileSync(join(own, 'state.key')))
      const victim = await startCore('slipped-in', keys)
      const code = await refusalOf(loadInto(victim, sealed))
      await victim.stop()
      return [
        { what: 'shows a payee the document', by: 'verifier', code: rejectionOf(document, world.home.attestationRoot) },
        { what: 'has a true core go on with a key that it knows', by: 'core', code },
      ]
    },
  },
]

function rejectionOf(document: Uint8Array, root: Hex): string | undefined {
  try {
    verifyAttestation(document, { root: toBytes(root), at: 'document' })
    return undefined
  } catch (error) {
    if (error instanceof Rejection) return error.code
    throw error
  }
}

function rethrow(fault: unknown): never {
  throw fault
}
