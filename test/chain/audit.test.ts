/** `bursar audit` against the real stack: everything agrees, and each planted fault is found by its name. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type AuditReport, runAudit } from '../../client/audit/audit.ts'
import { topicOf } from '../../client/chain/abi.ts'
import type { RawLog, Rpc } from '../../client/chain/rpc.ts'
import { createRpc, trust as trustCodec } from '../../client/index.ts'
import type { Hex } from '../../ledger/hex.ts'
import { payeeOf } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { startLyingProxy } from './lyingProxy.ts'
import { createPaidWorld, wei } from './paidWorld.ts'

const startChain = useChains()

test('default: a whole ledger agrees with its chain, and each planted fault is named', {
  timeout: 120_000,
}, async () => {
  const { world, trust, payAgain } = await createPaidWorld(startChain)
  await payAgain()
  const proxy = await startLyingProxy(() => world.url)
  const trusted = join(world.folder, 'trust.json')
  writeFileSync(trusted, JSON.stringify(trustCodec.write(trust)))
  const log = join(world.folder, 'audit.log')
  const command = (...args: string[]) =>
    new Promise<{ code: number | null; out: string }>((resolve) => {
      const all = ['cli/main.ts', 'audit', proxy.url, '--rpc', world.rpcUrl, '--trust', trusted, '--log', log, ...args]
      const child = spawn(process.execPath, all)
      let out = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          out += chunk
        })
      child.once('close', (code) => resolve({ code, out }))
    })

  // The command: green, with a report, and the second run fetches nothing that it has.
  const name = join(world.folder, 'report')
  const first = await command('--json', '--report', name)
  expect(first.code, first.out).toBe(0)
  const earned = 2n * wei * BigInt(world.tickets.length + world.directs.length)
  const green = JSON.parse(first.out)
  expect(green).toMatchObject({ verdict: 'holds', findings: [], boots: 1, earnedWei: `${earned}`, owedWei: '0' })
  expect(green.totals).toMatchObject({ events: 12, payments: 12, anchors: Number(green.counter), struck: 0 })
  expect(readFileSync(`${name}.html`, 'utf8')).toContain('Everything agrees.')
  const fetched: string[] = []
  proxy.lieBytes = (path, bytes) => {
    fetched.push(path)
    return bytes
  }
  expect((await command()).code).toBe(0)
  expect(fetched).toEqual([])
  const whole = readFileSync(log)
  writeFileSync(log, whole.subarray(0, whole.length - 3)) // a download that was cut off
  expect((await command()).code).toBe(0)
  expect(fetched).toHaveLength(1)
  expect(readFileSync(log).equals(whole)).toBe(true)
  // The log that is kept is no prefix any more: one of the two is a lie, and this side knows its own.
  writeFileSync(log, Buffer.from(whole).fill(7, whole.length - 40))
  const forked = await command('--json')
  expect(forked.code, forked.out).toBe(1)
  expect(JSON.parse(forked.out)).toMatchObject({ verdict: 'lie', code: 'LOG_FORKED' })

  // The same audit with a node or a daemon that tells of something that must never be.
  const real = createRpc({ url: world.rpcUrl })
  const { size } = await world.client.log()
  const entries = await world.client.entries(0, size)
  const audit = async (change: Partial<Rpc>, log: readonly Uint8Array[] = entries): Promise<AuditReport> =>
    runAudit({
      rpc: { ...real, ...change },
      contract: world.domain.verifyingContract,
      chainId: world.domain.chainId,
      trust,
      fromBlock: 0n,
      entries: async (from, count) => log.slice(from, from + count),
      logSize: log.length,
    })
  const codes = async (report: Promise<AuditReport>): Promise<string[]> => [
    ...new Set((await report).findings.map(({ code }) => code)),
  ]
  const changeLogs = (change: (logs: readonly RawLog[]) => RawLog[]): Partial<Rpc> => ({
    logs: async (filter) => change(await real.logs(filter)),
  })
  expect(await codes(audit({}))).toEqual([])
  const flipped = entries.map((entry, i) => (i === 1 ? entry.map((byte, at) => (at === 300 ? byte ^ 1 : byte)) : entry))
  expect(await codes(audit({}, flipped))).toEqual(
    expect.arrayContaining(['ENTRY_INVALID', 'ROOT_DOES_NOT_REPLAY', 'UNKNOWN_PAYMENT']),
  )
  expect(await codes(audit({}, entries.slice(0, -1)))).toContain('ROOT_DOES_NOT_REPLAY')
  expect(await codes(audit({ balance: async () => 0n }))).toEqual([]) // nothing is owed
  const paid = topicOf('Paid(address,uint64,uint96)')
  const [direct] = world.directs as [Hex]
  const isOfDirect = ({ topics }: RawLog) => topics[0] === paid && topics[1]?.endsWith(direct.slice(2))
  expect(await codes(audit(changeLogs((logs) => logs.filter((log) => !isOfDirect(log)))))).toEqual([
    'TOTAL_PAID_DIFFERS',
  ])
  const stranger = `0x${payeeOf(4711).slice(2).padStart(64, '0')}` as Hex
  expect(
    await codes(
      audit(
        changeLogs((logs) =>
          logs.map((log) => (isOfDirect(log) ? { ...log, topics: [paid, stranger, log.topics[2] as Hex] } : log)),
        ),
      ),
    ),
  ).toEqual(['UNKNOWN_PAYMENT', 'REGISTER_DIFFERS'])
  expect(
    await codes(audit(changeLogs((logs) => logs.flatMap((log) => (isOfDirect(log) ? [log, log] : [log]))))),
  ).toEqual(['PAID_ABOVE_EARNED', 'REGISTER_DIFFERS', 'TOTAL_PAID_DIFFERS'])
  const committed = topicOf('Committed(uint64,uint64,bytes32,(bytes32,bytes32,uint64,uint96,bytes32),uint96)')
  const commits = (await real.logs({ address: trust.contract as Hex, topics: [committed], from: 0n, to: 10n ** 6n }))
    .length
  expect(
    await codes(
      audit(changeLogs((logs) => logs.filter((log) => log.topics[0] !== committed || log.topics[2] !== topic(2n)))),
    ),
  ).toContain('COMMIT_OUT_OF_ORDER')
  expect(
    await codes(
      audit(
        changeLogs((logs) =>
          logs.filter((log) => log.topics[0] !== committed || log.topics[2] !== topic(BigInt(commits))),
        ),
      ),
    ),
  ).toContain('COMMIT_MISSING')
  const transfer = topicOf('WinningTicketTransfer(address,address,uint256)')
  expect(await codes(audit(changeLogs((logs) => logs.filter((log) => log.topics[0] !== transfer))))).toEqual([
    'TICKETS_DIFFER',
  ])
  expect(await codes(audit({ calldata: async () => undefined }))).toEqual(['NO_CALLDATA'])
})

const topic = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`
