/** Three lanes for real: three contracts on one chain, three cores as processes, one daemon, one page. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { createPublicClient, formatEther, http } from 'viem'
import { expect, onTestFinished, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { fetchAccounts } from '../../client/lanes.ts'
import type { Hex } from '../../ledger/hex.ts'
import { chromium as executablePath } from '../../tools/chromium.js'
import { reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { createLanesWorld, type LanesWorld, type LaneWorld } from './lanesWorld.ts'

const startChain = useChains()
const gwei = 10n ** 9n

/** A batch that credits each payee of this lane with so much. */
const creditAll = (lane: LaneWorld, sequence: bigint, wei: bigint) =>
  lane.client.sendBatch(
    signBatch({
      domain: lane.domain,
      secretKey: reporterKey,
      sequence,
      events: lane.payees.map((payee, i) => credit({ id: `${sequence}.${i}`, payee, wei })),
    }),
  )

/** What the contract says it paid each, and nothing is owed in the books. */
async function untilPaid(world: LanesWorld, lane: LaneWorld, each: bigint): Promise<void> {
  await world.until(`${lane.name} has not paid`, async () => {
    const { discrepancies, owedWei } = await lane.client.reconciliation()
    return discrepancies.length === 0 && owedWei === 0n ? true : undefined
  })
  const chain = createPublicClient({ transport: http(world.rpcUrl) })
  const contract = { address: lane.domain.verifyingContract, abi: treasuryAbi } as const
  for (const payee of lane.payees)
    expect(await chain.readContract({ ...contract, functionName: 'paid', args: [payee] })).toBe(each)
}

test('default: three lanes in one daemon, each with a contract and a core of its own', {
  timeout: 240_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createLanesWorld(rpcUrl, ['north', 'south', 'west'])
  const [north, south, west] = world.lanes as [LaneWorld, LaneWorld, LaneWorld]
  for (const lane of world.lanes) await lane.deploy()

  // Batches to each at once; each pays its own, to the wei.
  const owed = [3n * gwei + 1n, 5n * gwei, 7n * gwei]
  await Promise.all(world.lanes.map((lane, i) => creditAll(lane, 0n, owed[i] as bigint)))
  for (const [i, lane] of world.lanes.entries()) await untilPaid(world, lane, owed[i] as bigint)

  // The core of one is killed and stays away: only its lane stands still.
  const boots = async () => Promise.all([south, west].map(async ({ client }) => (await client.status()).head?.boot))
  const before = await boots()
  await north.killCore()
  await world.until('north still open', async () => ((await north.client.status()).isEpochOpen ? undefined : true))
  await expect(creditAll(north, 1n, gwei)).rejects.toMatchObject({ code: 'NOT_OPEN' })
  await Promise.all([south, west].map((lane) => creditAll(lane, 1n, gwei)))
  await untilPaid(world, south, 6n * gwei)
  await untilPaid(world, west, 8n * gwei)
  expect(await boots()).toEqual(before)
  const { lanes } = await world.client.lanes()
  expect(lanes.map(({ name, state }) => [name, state === 'open'])).toEqual([
    ['north', false],
    ['south', true],
    ['west', true],
  ])

  // It comes back with what it had.
  await north.startCore()
  await north.untilOpen()
  await creditAll(north, 1n, gwei)
  await untilPaid(world, north, 4n * gwei + 1n)

  // One payee, paid by all three.
  const [payee] = north.payees as [Hex]
  const { sum, lanes: found } = await fetchAccounts({ url: world.url }, payee)
  const all = 18n * gwei + 1n
  expect(sum).toEqual({ earnedWei: all, paidWei: all, owedWei: 0n })
  expect(found.map(({ account }) => account?.paidWei)).toEqual([4n * gwei + 1n, 6n * gwei, 8n * gwei])
  const chain = createPublicClient({ transport: http(rpcUrl) })
  expect(await chain.getBalance({ address: payee })).toBe(all)
  expect(await (await fetch(`${world.url}/healthz`)).json()).toMatchObject({ ok: true, lanes: { north: { ok: true } } })
  if (existsSync(executablePath)) await expectPage(world, payee, all)
})

async function expectPage(world: LanesWorld, payee: Hex, allWei: bigint): Promise<void> {
  const built = spawnSync('vite', ['build', '--config', 'tools/page.config.js', '--logLevel', 'warn'])
  expect(built.status, `${built.stderr}`).toBe(0)
  await world.restartDaemon() // it reads the page when it starts
  for (const lane of world.lanes) await lane.untilOpen()
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath, args: flags })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  page.on('pageerror', (error) => expect.soft(error.message).toBe(''))
  page.on('console', (message) => expect.soft(message.type() === 'error' ? message.text() : '').toBe(''))
  await page.goto(`${world.url}/`)
  for (const { name } of world.lanes)
    await page.locator(`li[data-lane=${name}]`).getByText('open', { exact: true }).waitFor()
  await page.goto(`${world.url}/#/payee/${payee}`)
  const everywhere = page.getByRole('region', { name: 'You are owed in all lanes' })
  await everywhere.getByText(formatEther(allWei)).first().waitFor()
  await everywhere.getByRole('link', { name: 'south' }).click()
  await page.waitForURL(`${world.url}/lanes/south/#/payee/${payee}`)
  await page.getByRole('region', { name: 'Payments' }).getByText(/^Paid/).first().waitFor()
}
