/** `bursar monitor` over the real stack: quiet where all is well, and each planted fault is found, of the right kind. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTestClient, http } from 'viem'
import { foundry } from 'viem/chains'
import { expect, onTestFinished, test } from 'vitest'
import { openLogFile } from '../../cli/logFile.ts'
import { livenessCodes, type MonitorFinding, safetyCodes } from '../../cli/monitor/findings.ts'
import { createMetrics } from '../../cli/monitor/outputs.ts'
import type { Seen } from '../../cli/monitor/seen.ts'
import { createWatch, type Look, type WatchOptions } from '../../cli/monitor/watch.ts'
import { decodeEntry } from '../../client/audit/decodeEntry.ts'
import { encodeCall, topicOf } from '../../client/chain/abi.ts'
import { eventForms } from '../../client/chain/events.ts'
import { type RawLog, type Rpc, wordOf } from '../../client/chain/rpc.ts'
import { cutEntries } from '../../client/entryBytes.ts'
import { createClient, createRpc, credit, signBatch, trust as trustCodec } from '../../client/index.ts'
import { entryLeaf, type SignedConfiguration } from '../../ledger/entry.ts'
import type { Hex } from '../../ledger/hex.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { type Lie, startLyingProxy } from './lyingProxy.ts'
import { createPaidWorld, wei } from './paidWorld.ts'

const startChain = useChains()
const patience = { anchorSeconds: 3600, payoutSeconds: 3600, silenceSeconds: 86_400, lagSeconds: 3600 }
/** What has been found by any look: in the end every kind of the lists. */
const met = new Set<string>()
const codes = ({ findings }: { readonly findings: readonly MonitorFinding[] }): string[] => {
  const found = [...new Set(findings.map(({ kind, code }) => `${kind} ${code}`))]
  for (const one of found) met.add(one)
  return found
}

test('default: quiet where all is well, and every planted fault is found by its kind', {
  timeout: 180_000,
}, async () => {
  const { world, trust, payAgain } = await createPaidWorld(startChain)
  await payAgain() // so that there are two commits at least
  const real = createRpc({ url: world.rpcUrl })
  const proxy = await startLyingProxy(() => world.url)
  let files = 0
  const watch = (change: Partial<WatchOptions> = {}): (() => Promise<Look>) =>
    createWatch({
      client: createClient({ url: proxy.url }),
      rpc: real,
      contract: world.domain.verifyingContract,
      chainId: world.domain.chainId,
      trust,
      patience,
      fromBlock: 0n,
      confirmations: 0n,
      file: openLogFile(join(world.folder, `monitor-${files++}`)),
      seen: undefined,
      nowMs: Date.now,
      ...change,
    })
  const truth: Lie = (_, answer) => answer
  const quiet = await watch()()
  expect(codes(quiet)).toEqual([])
  expect(quiet.gauges).toMatchObject({ owed_wei: 0, payments: 12 })
  const { seen } = quiet
  const afterLie = async (lie: Lie, change: Partial<WatchOptions> = {}): Promise<string[]> => {
    proxy.lie = lie
    const look = await watch({ seen, ...change })()
    proxy.lie = truth
    return codes(look)
  }
  const logs = (change: (logs: readonly RawLog[]) => RawLog[]): Rpc => ({
    ...real,
    logs: async (filter) => change(await real.logs(filter)),
  })
  const otherHash = `0x${'ab'.repeat(32)}` as Hex
  const head = seen.head as NonNullable<Seen['head']>

  // Safety.
  const isLog = (path: string) => path === '/api/log'
  expect(await afterLie((path, a) => (isLog(path) ? { ...a, root: otherHash } : a))).toEqual(['safety LOG_FORKED'])
  expect(await afterLie((path, a) => (isLog(path) ? { ...a, size: 1 } : a))).toEqual(['safety LOG_SHRANK'])
  expect(await afterLie(truth, { seen: { ...seen, head: { ...head, root: otherHash } } })).toEqual([
    'safety LOG_FORKED',
  ])
  expect(await afterLie((path, a) => (isLog(path) ? { ...a, signed: { ...a.signed, size: '1' } } : a))).toEqual([
    'safety HEAD_NOT_SIGNED',
  ])
  proxy.lieBytes = (path, bytes) => (path.startsWith('/api/log/entries') ? Buffer.from(bytes).fill(7, 900, 930) : bytes)
  expect(await afterLie(truth)).toContain('safety ROOT_DOES_NOT_REPLAY')
  proxy.lieBytes = (_, bytes) => bytes
  // A configuration that came with a new key, of which the contract knows nothing.
  const withNewKey = (first: Uint8Array): Buffer => {
    const { configuration } = decodeEntry(first) as SignedConfiguration
    const previous = hashStruct('Configuration', configuration)
    const changed = { ...configuration, version: configuration.version + 1n, previous }
    const leaves = [first, entryLeaf({ configuration: changed, signatures: [] })]
    return Buffer.concat(leaves.flatMap((leaf) => [Buffer.from(wordOf(BigInt(leaf.length)).slice(-8), 'hex'), leaf]))
  }
  proxy.lieBytes = (path, bytes) =>
    path.startsWith('/api/log/entries?from=0') ? withNewKey(cutEntries(bytes)[0] as Uint8Array) : bytes
  expect(await afterLie(truth)).toContain('safety UNADMITTED_CONFIGURATION')
  proxy.lieBytes = (_, bytes) => bytes
  const frozen = encodeCall('frozen()', [])
  const freezes: Rpc = {
    ...real,
    call: async (to, data, at) => (data === frozen ? wordOf(1n) : real.call(to, data, at)),
  }
  expect(await afterLie(truth, { rpc: freezes })).toEqual(['safety FROZEN'])
  const committed = topicOf(eventForms.Committed.signature)
  const withoutFirst = logs((all) => {
    const first = all.findIndex((log) => log.topics[0] === committed)
    return all.filter((_, i) => i !== first)
  })
  expect(await afterLie(truth, { rpc: withoutFirst })).toContain('safety COMMIT_OUT_OF_ORDER')
  // A file that this disk spoilt is no fault of the daemon: it is fetched again.
  const path = join(world.folder, 'spoilt')
  expect(await afterLie(truth, { file: openLogFile(path) })).toEqual([])
  const whole = readFileSync(path)
  writeFileSync(path, Buffer.from(whole).fill(7, 900, 930))
  expect(await afterLie(truth, { file: openLogFile(path) })).toEqual([])
  expect(readFileSync(path).equals(whole)).toBe(true)
  const paid = topicOf('Paid(address,uint64,uint96)')
  const stranger = `0x${payeeOf(4711).slice(2).padStart(64, '0')}` as Hex
  const toStranger = logs((all) =>
    all.map((log) => (log.topics[0] === paid ? { ...log, topics: [paid, stranger, log.topics[2] as Hex] } : log)),
  )
  expect(await afterLie(truth, { rpc: toStranger })).toEqual(['safety UNKNOWN_PAYMENT'])
  const twice = logs((all) => all.flatMap((log) => (log.topics[0] === paid ? [log, log] : [log])))
  expect(await afterLie(truth, { rpc: twice })).toEqual(['safety PAID_ABOVE_EARNED', 'safety TOTAL_PAID_DIFFERS'])
  expect(await afterLie(truth, { seen: { ...seen, configHash: otherHash } })).toEqual(['safety CONFIGURATION_CHANGED'])
  expect(await afterLie(truth, { seen: { ...seen, committer: payeeOf(1) } })).toContain('safety COMMITTER_CHANGED')
  expect(await afterLie(truth, { seen: { ...seen, image: 'another' } })).toEqual(['safety MEASUREMENT_CHANGED'])
  expect(await afterLie(truth, { seen: { ...seen, image: 'another' }, trust: { ...trust, images: [] } })).toEqual([
    'safety MEASUREMENT_CHANGED',
  ])
  const zero = `0x${'01'.repeat(48)}` as Hex
  expect(await afterLie(truth, { trust: { ...trust, images: [{ pcr0: zero, pcr1: zero, pcr2: zero }] } })).toEqual([
    'safety MEASUREMENT_CHANGED',
  ])
  const attestation = (path: string) => path.startsWith('/api/tee/attestation')
  expect(await afterLie((path, a) => (attestation(path) ? { ...a, document_b64: a.birth_b64 } : a))).toEqual([
    'safety ATTESTATION_FORGED',
  ])

  // Liveness: it comes, and it goes.
  expect(await afterLie(truth, { rpc: createRpc({ url: 'http://127.0.0.1:1' }) })).toEqual([
    'liveness NODE_UNREACHABLE',
  ])
  expect(await afterLie(truth, { client: createClient({ url: 'http://127.0.0.1:1' }) })).toEqual([
    'liveness DAEMON_UNREACHABLE',
  ])
  const status = (path: string) => path === '/api/tee/status'
  expect(
    await afterLie((path, a) => (status(path) ? { ...a, head: { ...a.head, counter: '0' } } : a), {
      patience: { ...patience, lagSeconds: -1 },
    }),
  ).toEqual(['liveness DAEMON_BEHIND'])
  expect(await afterLie((path, a) => (status(path) ? { ...a, is_epoch_open: false } : a))).toEqual([
    'liveness EPOCH_NOT_OPEN',
  ])
  expect(await afterLie(truth, { nowMs: () => 0 })).toEqual(['liveness ATTESTATION_NOT_CHECKED'])
  expect(await afterLie(truth, { patience: { ...patience, silenceSeconds: 10 ** 9 } })).toEqual([
    'liveness SILENCE_RUNNING_OUT',
  ])

  // The treasury is emptied: what is earned now is anchored, cannot be paid, and is not covered.
  const chain = createTestClient({ mode: 'anvil', chain: foundry, transport: http(world.rpcUrl) })
  await chain.setBalance({ address: world.domain.verifyingContract, value: 0n })
  const poor = watch({ seen, patience: { ...patience, payoutSeconds: -1 } })
  const [payee] = world.directs as [Hex]
  const batch = signBatch({
    domain: world.domain,
    secretKey: reporterKey,
    sequence: 2n,
    events: [credit({ id: 'more', payee, wei })],
  })
  const { receipt } = await world.client.sendBatch(batch)
  await world.until('not anchored', async () =>
    ((await world.client.ledgerHead()).anchored?.commitment.logSize ?? 0n) > BigInt(receipt.position)
      ? true
      : undefined,
  )
  await poor() // from now on it waits
  await world.until('not stuck', async () => (codes(await poor()).includes('liveness PAYOUT_STUCK') ? true : undefined))
  const stuck = await poor()
  expect(codes(stuck)).toContain('safety INSOLVENT')
  expect(stuck.findings.find(({ code }) => code === 'PAYOUT_STUCK')?.facts).toMatchObject({ payee, owed: `${wei}` })

  // Seen as of the first commit, the second batch waits for an anchor.
  const { anchors } = await world.client.anchors({ limit: 1 })
  const [first] = anchors
  if (!first) throw new Error('nothing is anchored')
  const { number: newest } = await real.block()
  const early = { seen, confirmations: newest - first.blockNumber, patience: { ...patience, anchorSeconds: -1 } }
  expect(codes(await watch(early)())).toContain('liveness NO_ANCHOR')
  const listed = [...safetyCodes.map((code) => `safety ${code}`), ...livenessCodes.map((code) => `liveness ${code}`)]
  expect([...met].sort()).toEqual(listed.sort())

  // What stands is a figure for Prometheus.
  const metrics = createMetrics()
  metrics.show(stuck, Date.now())
  const server = metrics.listen(0)
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const page = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`)
  const shown = await page.text()
  expect(shown).toContain('bursar_monitor_findings{kind="safety",code="INSOLVENT"} 1')
  expect(shown).toContain('bursar_monitor_findings{kind="safety",code="FROZEN"} 0')

  // The command: the webhook hears of it, evidence is written, the exit code says which kind.
  const heard: { event: string; finding: MonitorFinding }[] = []
  const hook = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    heard.push(JSON.parse(Buffer.concat(parts).toString()))
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => hook.once('listening', resolve))
  onTestFinished(() => void hook.close())
  const trusted = join(world.folder, 'trust.json')
  writeFileSync(trusted, JSON.stringify(trustCodec.write(trust)))
  const dir = mkdtempSync(join(world.folder, 'monitor-'))
  const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`
  const args = ['--rpc', world.rpcUrl, '--trust', trusted, '--dir', dir, '--webhook', hookUrl, '--once']
  const child = spawn(process.execPath, ['cli/main.ts', 'monitor', proxy.url, ...args])
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(1)
  expect(heard).toMatchObject([{ event: 'found', finding: { kind: 'safety', code: 'INSOLVENT' } }])
  expect(readdirSync(join(dir, 'evidence'))).toHaveLength(1)
})
