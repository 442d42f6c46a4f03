/** The operator's commands, as processes, on a daemon that really pays. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { fetchTimelock } from '../../cli/configure/timelock.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { struct } from '../../protocol/codec.ts'
import { configuration, payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { createDaemonWorld, type DaemonWorld } from './daemonWorld.ts'

const startChain = useChains()
const wei = 10n ** 15n

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function bursar(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const child = spawn(process.execPath, ['cli/main.ts', ...args], { env: { ...process.env, ...env } })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    said.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.err += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })))
}

/** The settings name free ports; the environment says which they became. */
const settingsOf = ({ folder, url, operatorUrl }: DaemonWorld) => ({
  BURSAR_CONFIG: join(folder, 'daemon.json'),
  BURSAR_LISTEN: new URL(url).host,
  BURSAR_OPERATOR_LISTEN: new URL(operatorUrl).host,
  NODE_NO_WARNINGS: '1',
})

const jsonOf = ({ out, err }: Ended) => {
  expect(err).toBe('')
  expect(out.trim().split('\n')).toHaveLength(1)
  return JSON.parse(out)
}

test('behavior: an operator sees, explains, copies and exports', { timeout: 240_000 }, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await world.until('not open', async () => ((await world.status()).isEpochOpen ? true : undefined))
  const env = settingsOf(world)
  const run = (...args: string[]) => bursar(args, env)

  const payees = [...world.tickets, ...world.directs]
  const events = payees.map((payee, i) => credit({ id: `job-${i}`, payee, wei }))
  const sent = signBatch({ domain: world.domain, secretKey: reporterKey, sequence: 0n, events })
  await world.client.sendBatch(sent)
  await world.until('not paid', async () =>
    (await world.reconcile()).paidWei === wei * BigInt(payees.length) ? true : undefined,
  )

  const [doctor, status, preview, payouts, reconcile] = await Promise.all(
    [['doctor'], ['status'], ['payouts', '--dry-run'], ['payouts'], ['reconcile']].map((args) =>
      run(...args, '--json'),
    ),
  )
  const { findings } = jsonOf(doctor as Ended)
  const verdicts = Object.fromEntries(findings.map(({ name, verdict }: Record<string, string>) => [name, verdict]))
  for (const name of [
    'rpc 1',
    'contract',
    'head',
    'broker',
    'rounds',
    'gas account',
    'treasury',
    'silence',
    'store',
    'daemon',
  ])
    expect(verdicts, JSON.stringify(findings)).toMatchObject({ [name]: 'ok' })
  for (const finding of findings) if (finding.verdict !== 'ok') expect(finding.next).toBeTruthy()
  expect(doctor?.code, JSON.stringify(findings)).toBe(0)
  expect(status?.code).toBe(0)
  expect(jsonOf(status as Ended)).toMatchObject({ tee: { isEpochOpen: true }, operator: { state: 'open' } })
  expect(jsonOf(preview as Ended)).toMatchObject({ payments: [], leftOut: [] })
  expect(jsonOf(payouts as Ended).payouts).toHaveLength(payees.length)
  expect(reconcile?.code).toBe(0)
  expect(jsonOf(reconcile as Ended)).toMatchObject({ discrepancies: [], owedWei: '0' })

  // What `configure` asks the chain for.
  const owner = await world.wallet.chain.readContract({
    address: world.domain.verifyingContract,
    abi: treasuryAbi,
    functionName: 'owner',
  })
  const timelock = await fetchTimelock(rpcUrl, world.domain.verifyingContract)
  expect(timelock).toEqual({ address: owner.toLowerCase(), delaySeconds: 86_400n })

  const copy = join(world.folder, 'copy.sqlite')
  const backup = await run('backup', copy, '--json')
  expect(jsonOf(backup)).toMatchObject({ entries: 1 })
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  expect(await run('backup', copy)).toMatchObject({ code: 1, err: expect.stringContaining('STORE_CONFLICT') })
  const other = { ...env, BURSAR_STORE: `sqlite:${join(world.folder, 'restored.sqlite')}` }
  expect(jsonOf(await bursar(['restore', copy, '--json'], other))).toEqual(jsonOf(backup))

  // From the copy as from the original.
  for (const place of [env, other]) {
    const accounts = await bursar(['export', 'accounts'], place)
    const [head, ...rows] = accounts.out.trim().split('\n')
    expect(head).toBe('payee,earned_wei,paid_wei,owed_wei')
    expect(rows.sort()).toEqual(payees.map((payee) => `${payee},${wei},${wei},0`).sort())
  }
  const exported = await run('export', 'events', '--format', 'ndjson')
  const lines = exported.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toHaveLength(payees.length)
  expect(lines[0]).toMatchObject({ kind: 'credit', id: 'job-0', value: `${wei}`, sequence: '0', payee: payees[0] })
  const paid = await run('export', 'payouts')
  expect(paid.out.trim().split('\n')).toHaveLength(payees.length + 1)

  // The table for people; and a daemon that is gone is said so, with the next step.
  expect(await run('status')).toMatchObject({ code: 0, out: expect.stringContaining('open') })
  const gone = await bursar(['status'], { ...env, BURSAR_LISTEN: '127.0.0.1:1' })
  expect(gone).toMatchObject({ code: 75, err: expect.stringContaining('next: bursar doctor') })
})

test('behavior: init writes what the daemon takes, and nothing twice', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bursar-init-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const written = jsonOf(await bursar(['init', '--dir', dir, '--rpc', 'http://127.0.0.1:1', '--json'], {}))
  expect(statSync(written.token).mode & 0o777).toBe(0o600)
  expect(statSync(written.settings).mode & 0o777).toBe(0o640)
  expect(await bursar(['init', '--dir', dir], {})).toMatchObject({ code: 2, err: expect.stringContaining('next:') })
  // All that is missing is the ledger's configuration; with it the settings hold.
  const faulty = await bursar(['status', '--config', written.settings], {})
  expect(faulty).toMatchObject({ code: 2, err: expect.stringContaining('configuration: cannot read') })
  writeFileSync(join(dir, 'configuration.json'), JSON.stringify(struct('Configuration').write(configuration())))
  const away = await bursar(['status', '--config', written.settings], { BURSAR_LISTEN: '127.0.0.1:1' })
  expect(away).toMatchObject({ code: 75, err: expect.stringContaining('UNREACHABLE') })
})

test('behavior: of several lanes init writes one file, and each command tells all or asks which', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bursar-init-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const { settings } = jsonOf(await bursar(['init', '--dir', dir, '--lanes', 'north', 'south', '--json'], {}))
  const run = (...args: string[]) => bursar([...args, '--config', settings], { BURSAR_LISTEN: '127.0.0.1:1' })
  const faulty = await run('status')
  for (const name of ['north', 'south']) expect(faulty.err).toContain(`lanes.${name}.configuration: cannot read`)
  for (const [i, name] of ['north', 'south'].entries()) {
    const rules = configuration({ verifyingContract: payeeOf(i) })
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(struct('Configuration').write(rules)))
  }
  // One that does not answer does not hide the others, and the worst counts.
  const all = await run('status', '--json')
  expect(all.code).toBe(75)
  const unreachable = { error: 'UNREACHABLE', message: expect.any(String) }
  expect(jsonOf(all)).toEqual({ lanes: { north: unreachable, south: unreachable } })
  expect((await run('reconcile')).out).toMatch(/^== north\n.*\n\n== south\n/)
  expect(await run('status', '--lane', 'north')).toMatchObject({
    code: 75,
    err: expect.stringContaining('UNREACHABLE'),
  })
  const unnamed = await run('backup', join(dir, 'copy'))
  expect(unnamed).toMatchObject({ code: 2, err: expect.stringMatching(/LANE_NOT_NAMED[\s\S]*one of north, south/) })
  expect(await run('payouts', '--lane', 'east')).toMatchObject({
    code: 2,
    err: expect.stringContaining('NO_SUCH_LANE'),
  })
})
