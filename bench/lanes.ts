/**
 * `node bench/lanes.ts [--payees N]`: what a lane costs a machine and the servers of the chain. One daemon with three lanes, three cores and
 * one anvil behind a proxy that counts; first nobody asks for anything, then every lane pays N payees. Printed as a table.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brokerOnArbitrum, findOrDeployBroker, startRound } from '../anvil/broker.ts'
import { startChain } from '../anvil/chain.ts'
import { type Child, createChildren } from '../anvil/children.ts'
import { deployedContracts, deployTreasury, predictAddress } from '../anvil/deployment.ts'
import { waitFor } from '../anvil/waiting.ts'
import { createFundedWallet, type Wallet } from '../anvil/wallet.ts'
import { createClient, credit, signBatch } from '../client/index.ts'
import { buildContracts } from '../contracts/script/artifacts.ts'
import type { Domain } from '../ledger/typedData.ts'
import { struct } from '../protocol/codec.ts'
import { keyOf, makeConfiguration, payeeOf } from './ledger.ts'
import { cpuSecondsOf, machine, residentBytesOf, show } from './measure.ts'

const names = ['a', 'b', 'c']
const idleMs = 20_000
const at = process.argv.indexOf('--payees')
const payees = at < 0 ? 900 : Number(process.argv[at + 1])
const mib = 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'bursar-lanes-'))
const children = createChildren()
const running: Child[] = []
let url: string | undefined
const { signal } = new AbortController()
const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor({ what: `${what}: see ${folder}`, timeoutMs: 300_000, signal }, ask)
const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

buildContracts(deployedContracts)
const chain = await startChain({ children, source: { kind: 'local' }, logPath: join(folder, 'anvil.log'), signal })
const counted = await countCalls(chain.rpcUrl)
const wallet = await createFundedWallet(chain.rpcUrl, '10')
const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
await startRound(wallet, broker)

const lanes: { name: string; own: Wallet; domain: Domain; core: number }[] = []
for (const name of names) {
  const own = await createFundedWallet(chain.rpcUrl, '200')
  const treasury = await predictAddress(own)
  const domain = { chainId: BigInt(chain.chainId), verifyingContract: treasury }
  const rules = { ...makeConfiguration({ domain, broker: broker.broker }), minimumWei: 1n }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(struct('Configuration').write(rules)))
  mkdirSync(join(folder, name))
  const args = ['--listen', `unix:${join(folder, `${name}.sock`)}`, '--dir', join(folder, name)]
  lanes.push({ name, own, domain, core: start(`core-${name}`, 'anvil/localCore.ts', args).pid })
}
const settings = {
  listen: '127.0.0.1:0',
  rpcUrls: [counted.url],
  roundsManager: broker.roundsManager,
  bondingManager: broker.bondingManager,
  anchorIntervalMs: 3_600_000,
  payIntervalMs: 30_000,
  pollMs: 1_000,
  confirmations: 0,
  transaction: { gas: '30000000', maxFeePerGas: '100000000000', maxPriorityFeePerGas: '1000000000' },
  logLevel: 'info',
  lanes: names.map((name) => ({
    name,
    core: `unix:${join(folder, `${name}.sock`)}`,
    store: `sqlite:${join(folder, `${name}.sqlite`)}`,
    configuration: join(folder, `${name}.json`),
  })),
}
const settingsPath = join(folder, 'daemon.json')
writeFileSync(settingsPath, JSON.stringify(settings), { mode: 0o600 })
const daemon = start('daemon', 'daemon/main.ts', [], { BURSAR_CONFIG: settingsPath })
const base = await until('the daemon does not listen', async () => url)
const clientOf = (name: string) => createClient({ url: `${base}/lanes/${name}` })
for (const { name, own, domain } of lanes) {
  const born = await until('a core has no key', async () => {
    const { core } = await clientOf(name).status()
    return core?.address && core.configHash ? { committer: core.address, configHash: core.configHash } : undefined
  })
  await deployTreasury(own, { predicted: domain.verifyingContract, ...born, broker })
  await until('no epoch is open', async () => (await clientOf(name).status()).isEpochOpen || undefined)
}

say(`${names.length} lanes are idle for ${idleMs / 1000} s`)
const before = { calls: counted.calls(), requests: counted.requests(), cpu: cpuSecondsOf(daemon.pid) }
await sleep(idleMs)
const perHour = 3_600_000 / idleMs / names.length
const idle = {
  calls: (counted.calls() - before.calls) * perHour,
  requests: (counted.requests() - before.requests) * perHour,
  cpu: (cpuSecondsOf(daemon.pid) - before.cpu) * perHour,
}
const resident = { daemon: residentBytesOf(daemon.pid), core: residentBytesOf(lanes[0]?.core as number) }

say(`${payees} payees in each are paid`)
const begun = { calls: counted.calls(), ms: performance.now() }
/** When the first of all payments had landed. */
let firstMs = Number.POSITIVE_INFINITY
await Promise.all(
  lanes.map(async ({ name, domain }) => {
    const events = Array.from({ length: payees }, (_, n) =>
      credit({ id: `${n}`, payee: payeeOf(1_000 + n), wei: 10n ** 9n }),
    )
    await clientOf(name).sendBatch(signBatch({ domain, secretKey: keyOf(0), sequence: 0n, events }))
    await until(`${name} pays nobody`, async () => (await clientOf(name).payouts({ limit: 1 })).payouts[0])
    firstMs = Math.min(firstMs, performance.now())
    await until(`${name} does not pay all`, async () => {
      const { totalEarnedWei, totalPaidWei } = await clientOf(name).ledgerHead()
      return totalEarnedWei === totalPaidWei || undefined
    })
  }),
)
const endMs = performance.now()
const idleCalls = (idle.calls * names.length * (endMs - begun.ms)) / 3_600_000
const payments = names.length * payees
console.log(`\`node bench/lanes.ts --payees ${payees}\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}\n`)
console.table({
  'resident, the daemon with three lanes, MiB': show(resident.daemon / mib),
  'resident, a core, MiB': show(resident.core / mib),
  'CPU seconds an hour and idle lane': show(idle.cpu),
  'calls to the chain an hour and idle lane, at pollMs 1,000': show(idle.calls),
  'requests that carry them': show(idle.requests),
  'payments a second, all lanes together': show((payments * 1000) / (endMs - firstMs)),
  'calls to the chain a payment': show((counted.calls() - begun.calls - idleCalls) / payments),
})
for (const child of running.toReversed()) await child.stop()
await chain.child?.stop()
rmSync(folder, { recursive: true })
process.exit()

function start(name: string, file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const child = children.start({
    name,
    file: process.execPath,
    args: [join(import.meta.dirname, '..', file), ...args],
    env,
    logPath: join(folder, `${name}.log`),
    onLine: (line) => {
      if (line.includes('"listening"')) url ??= JSON.parse(line).url
    },
  })
  running.push(child)
  return child
}

/** A proxy that counts calls: servers of the chain charge by the call, however many come in one request. */
async function countCalls(target: string): Promise<{ readonly url: string; calls(): number; requests(): number }> {
  let [calls, requests] = [0, 0]
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    requests++
    calls += [JSON.parse(`${body}`)].flat().length
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    requests: () => requests,
  }
}
