/** `verifyDaemon` and `bursar verify` against the real stack: green where all is true, red for every lie that a daemon can tell. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { compiledCode } from '../../abi/code.ts'
import {
  addressOfKey,
  type Check,
  createClient,
  createRpc,
  createTreasury,
  credit,
  type LogMemory,
  signBatch,
  signPreference,
  trust as trustCodec,
  type VerifyOptions,
  verdictOf,
  verifyDaemon,
} from '../../client/index.ts'
import { receiptFile } from '../../client/receiptFile.ts'
import { type Hex, zeroAddress } from '../../ledger/hex.ts'
import { keyOf, payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { type Lie, startLyingProxy } from './lyingProxy.ts'
import { createPaidWorld, wei } from './paidWorld.ts'

const startChain = useChains()

interface Report {
  readonly checks: readonly Check[]
  readonly memory: LogMemory | undefined
}

async function run(options: Omit<VerifyOptions, 'nonce' | 'nowMs' | 'pauseMs'>): Promise<Report> {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const work = verifyDaemon({ nonce, nowMs: Date.now(), pauseMs: 50, ...options })
  const checks: Check[] = []
  for (;;) {
    const { done, value } = await work.next()
    if (done) return { checks, memory: value }
    checks.push(value)
  }
}

/** As `run`, again where the daemon's own limit of attestations turned it away: a fast machine asks more than that. */
async function runWithinLimits(options: Parameters<typeof run>[0]): Promise<Report> {
  for (;;) {
    const report = await run(options)
    if (!report.checks.some(({ code }) => code === 'TOO_MANY_REQUESTS')) return report
    await setTimeout(1_000)
  }
}

const verdicts = ({ checks }: Report) =>
  Object.fromEntries(
    checks.map(({ id, verdict, code, said }) => [id, verdict === 'holds' ? 'holds' : `${verdict} ${code} ${said}`]),
  )
const faults = ({ checks }: Report) =>
  checks.filter(({ verdict }) => verdict !== 'holds').map(({ id, verdict, code }) => `${id}: ${verdict} ${code}`)

test('default: all holds, and each lie is told by its name', { timeout: 240_000 }, async () => {
  const { world, trust, receipt } = await createPaidWorld(startChain)
  const [payee] = world.directs as [Hex]
  const rpc = createRpc({ url: world.rpcUrl })
  const honest = { client: world.client, rpc, trust, payee, receipt }
  const green = await run(honest)
  expect(verdicts(green)).toEqual(
    Object.fromEntries(
      [
        'chain',
        'contract',
        'head',
        'log',
        'configuration',
        'attestation',
        'birth',
        'boot',
        'account',
        'preference',
        'receipt',
      ].map((id) => [id, 'holds']),
    ),
  )
  expect(green.checks.find(({ id }) => id === 'account')?.facts).toMatchObject({ paid_wei: `${wei}`, owed_wei: '0' })
  const memory = green.memory as LogMemory
  expect(verdicts(await run({ ...honest, memory }))).toMatchObject({ memory: 'holds' })
  expect(verdicts(await run({ ...honest, payee: payeeOf(4711) }))).toMatchObject({ account: 'holds' })

  const proxy = await startLyingProxy(() => world.url)
  const ask = async (lie: Lie, change: Partial<VerifyOptions> = {}): Promise<string[]> => {
    proxy.lie = lie
    return faults(await runWithinLimits({ ...honest, client: createClient({ url: proxy.url }), ...change }))
  }
  const at =
    (prefix: string, change: Lie): Lie =>
    (path, answer) =>
      path.startsWith(prefix) ? change(path, answer) : answer
  const otherHash = `0x${'ab'.repeat(32)}`

  expect(await ask((_, answer) => answer)).toEqual([])
  // The contract.
  const node = (method: string, ...params: unknown[]) =>
    fetch(world.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
  const plant = async (address: Hex, change: (code: Buffer) => unknown): Promise<string[]> => {
    const code = await rpc.code(address)
    const planted = Buffer.from(code.slice(2), 'hex')
    const changed = change(planted)
    await node('anvil_setCode', address, `0x${(Buffer.isBuffer(changed) ? changed : planted).toString('hex')}`)
    const found = await ask((_, answer) => answer)
    await node('anvil_setCode', address, code)
    return found.filter((fault) => !fault.endsWith('NEEDS_EARLIER'))
  }
  const { verifyingContract: treasury } = world.domain
  const timelock = await createTreasury({ rpc, address: treasury }).get('owner')
  const bump = (at: number) => (code: Buffer) => code.writeUInt8(code.readUInt8(at) ^ 1, at)
  for (const address of [treasury, timelock]) {
    const last = (await rpc.code(address)).length / 2 - 2
    expect(await plant(address, bump(last))).toEqual(['contract: lie WRONG_CODE'])
    expect(await plant(address, (code) => Buffer.concat([code, Buffer.of(0)]))).toEqual(['contract: lie WRONG_CODE'])
    expect(await plant(address, () => Buffer.of())).toEqual(['contract: lie NO_CONTRACT'])
  }
  // One of the places of one immutable: what the contract tells of it and what it uses are not the same.
  const [[, place]] = compiledCode.Treasury.immutables
  expect(await plant(treasury, bump(place + 31))).toEqual(['contract: lie WRONG_CODE'])
  // The balance.
  const account = (change: (answer: never) => unknown) =>
    at('/api/ledger/accounts', (_, answer) => change(answer as never))
  expect(
    await ask(
      account((a: object) => ({ ...a, anchored: { ...(a as { anchored: object }).anchored, earned_wei: '1' } })),
    ),
  ).toEqual(['account: lie FORGED_PROOF'])
  expect(await ask(account((a: object) => ({ ...a, paid_wei: '1', owed_wei: `${wei - 1n}` })))).toEqual([
    'account: lie WRONG_PAID',
  ])
  expect(await ask(account((a: object) => ({ ...a, rail: 'ticket' })))).toEqual(['preference: lie WRONG_RULE'])
  expect(await ask(account((a: object) => ({ ...a, owed_wei: '5' })))).toEqual(['account: lie WRONG_SUM'])
  expect(await ask(account((a: object) => ({ ...a, payee: payeeOf(1) })))).toEqual(['account: lie OTHER_PAYEE'])
  expect(
    await ask(
      account((a: { anchored: { proof: string[] } }) => ({ ...a, anchored: { ...a.anchored, proof: [otherHash] } })),
    ),
  ).toEqual(['account: lie FORGED_PROOF'])
  proxy.redirect = (path) =>
    path.startsWith('/api/ledger/accounts') ? `/api/ledger/accounts/${payeeOf(4711)}` : undefined
  expect(await ask((_, answer) => answer)).toEqual(['account: lie ACCOUNT_WITHHELD'])
  proxy.redirect = () => undefined
  // How the payee is paid: its own preference, signed, in the log.
  const secretKey = keyOf(9)
  const preferring = addressOfKey(secretKey)
  const wish = { domain: world.domain, number: 0n, rail: 1, minimumWei: 5n, redirect: zeroAddress }
  const events = [credit({ id: preferring, payee: preferring, wei: 1n })]
  await world.client.sendBatch(signBatch({ domain: world.domain, secretKey: reporterKey, sequence: 1n, events }))
  await world.client.sendPreference(signPreference({ ...wish, secretKey }))
  const answered = await fetch(`${world.url}/api/ledger/accounts/${preferring}`)
  const { preference: shown } = (await answered.json()) as { preference: { position: number } }
  await world.until('not anchored', async () => {
    const { anchored } = await world.client.ledgerHead()
    return (anchored?.commitment.logSize ?? 0n) > BigInt(shown.position) ? true : undefined
  })
  const ofOwn = { payee: preferring }
  expect(await ask((_, a) => a, ofOwn)).toEqual([])
  const prefer = (change: (entry: never) => unknown) =>
    account((a: { preference: { entry: never } }) => {
      return { ...a, preference: { ...a.preference, entry: change(a.preference.entry) } }
    })
  expect(
    await ask(
      account((a: object) => ({ ...a, preference: null })),
      ofOwn,
    ),
  ).toEqual(['preference: lie WRONG_RULE'])
  expect(
    await ask(
      account((a: object) => ({ ...a, minimum_wei: '6' })),
      ofOwn,
    ),
  ).toEqual(['preference: lie WRONG_RULE'])
  const changed = prefer((entry: { preference: object }) => ({
    ...entry,
    preference: { ...entry.preference, rail: 0 },
  }))
  expect(await ask(changed, ofOwn)).toEqual(['preference: lie PREFERENCE_NOT_IN_LOG'])
  // Another payee's, as it stands in the log.
  expect(await ask(account((a: object) => ({ ...a, preference: shown })))).toEqual(['preference: lie OTHER_PAYEE'])
  // The root.
  expect(await ask(at('/api/tee/status', (_, a) => ({ ...a, head: { ...a.head, root: otherHash } })))).toContain(
    'head: lie WRONG_ROOT',
  )
  const old = { ...(await world.client.status()).head, counter: 0n }
  expect(
    await ask(
      at('/api/tee/status', (_, a) => ({ ...a, head: { ...a.head, counter: `${old.counter}`, root: otherHash } })),
      {
        lagSeconds: -1,
      },
    ),
  ).toContain('head: lie OLD_ROOT')
  // The log.
  expect(await ask(at('/api/log?', (_, a) => a))).toEqual([])
  expect(await ask((path, a) => (path === '/api/log' ? { ...a, root: otherHash } : a))).toContain('log: lie LOG_FORKED')
  expect(await ask((path, a) => (path === '/api/log' ? { ...a, size: 1 } : a))).toContain('log: lie LOG_SHRANK')
  expect(await ask((path, a) => (path === '/api/log' ? { ...a, signed: { ...a.signed, epoch: '9' } } : a))).toContain(
    'log: lie HEAD_NOT_SIGNED',
  )
  expect(await ask((_, a) => a, { memory: { ...memory, root: otherHash as Hex } })).toEqual(['memory: lie LOG_FORKED'])
  expect(await ask((_, a) => a, { memory: { ...memory, size: memory.size + 100 } })).toEqual(['memory: lie LOG_SHRANK'])
  // The enclave.
  expect(await ask(at('/api/tee/attestation', (_, a) => ({ ...a, document_b64: a.birth_b64 })))).toEqual([
    'attestation: lie WRONG_NONCE',
  ])
  proxy.redirect = (path) => (path.includes('nonce=') ? `/api/tee/attestation?nonce=0x${'01'.repeat(32)}` : undefined)
  expect(await ask((_, a) => a)).toEqual(['attestation: lie WRONG_NONCE'])
  proxy.redirect = () => undefined
  const flip = (b64: string): string => `${b64.slice(0, -8)}${b64.at(-8) === 'A' ? 'B' : 'A'}${b64.slice(-7)}`
  expect(await ask(at('/api/tee/attestation', (_, a) => ({ ...a, document_b64: flip(a.document_b64) })))).toEqual([
    'attestation: lie COSE_SIGNATURE',
  ])
  expect(await ask(at('/api/tee/attestation', (_, a) => ({ ...a, birth_b64: a.document_b64 })))).toEqual([
    'birth: lie WRONG_BIRTH',
  ])
  const image = { pcr0: `0x${'01'.repeat(48)}`, pcr1: `0x${'01'.repeat(48)}`, pcr2: `0x${'01'.repeat(48)}` } as const
  expect(await ask((_, a) => a, { trust: { ...trust, images: [image] } })).toEqual(
    ['attestation', 'birth', 'boot'].map((id) => `${id}: lie WRONG_PCR`),
  )
  expect(await ask((_, a) => a, { trust: { ...trust, attestationRoot: otherHash as Hex } })).toEqual(
    ['attestation', 'birth', 'boot'].map((id) => `${id}: lie WRONG_ROOT`),
  )
  expect(await ask((_, a) => a, { trust: { ...trust, images: [] } })).toEqual(
    ['attestation', 'birth', 'boot'].map((id) => `${id}: unknown NO_IMAGE_TRUSTED`),
  )
  // The configuration, the place, the receipt.
  expect(
    await ask(
      at('/api/log/configurations', (_, a) => {
        const [first] = a.configurations
        const configuration = { ...first.entry.configuration, minimum_wei: '77' }
        return { configurations: [{ ...first, entry: { ...first.entry, configuration } }] }
      }),
    ),
  ).toContain('configuration: lie CONFIGURATION_NOT_IN_LOG')
  expect(await ask(at('/api/tee/status', (_, a) => ({ ...a, chain_id: '1' })))).toContain('chain: lie OTHER_CHAIN')
  expect(await ask(at('/api/tee/status', (_, a) => ({ ...a, verifying_contract: payeeOf(1) })))).toContain(
    'contract: lie OTHER_CONTRACT',
  )
  const forged = { ...receipt, receipt: { ...receipt.receipt, position: receipt.receipt.position + 1 } }
  expect(await ask((_, a) => a, { receipt: forged })).toEqual(['receipt: lie FORGED_PATH'])
  const alien = { ...receipt.receipt, head: { ...receipt.receipt.head, root: otherHash as Hex } }
  expect(await ask((_, a) => a, { receipt: { ...receipt, receipt: alien } })).toEqual(['receipt: lie HEAD_NOT_SIGNED'])
  // Whoever is not there has told no lie.
  const nobody = createRpc({ url: 'http://127.0.0.1:1' })
  const unknown = await run({ ...honest, rpc: nobody })
  expect(verdictOf(unknown.checks)).toBe('unknown')
  expect(faults(unknown)[0]).toBe('chain: unknown RPC_UNREACHABLE')

  // The command: the same checks, exit codes, and a memory of its own.
  const file = (name: string, value: unknown): string => {
    const path = join(world.folder, name)
    writeFileSync(path, JSON.stringify(value))
    return path
  }
  const trusted = file('trust.json', trustCodec.write(trust))
  const receipted = file('receipt.json', receiptFile.write(receipt))
  const state = join(world.folder, 'verify.json')
  const command = (...args: string[]) => {
    const all = ['cli/main.ts', 'verify', proxy.url, payee, '--rpc', world.rpcUrl, '--trust', trusted, ...args]
    return start(...all, '--state', state)
  }
  const start = (...args: string[]) =>
    new Promise<{ code: number | null; out: string }>((resolve) => {
      const child = spawn(process.execPath, args)
      let out = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          out += chunk
        })
      child.once('close', (code) => resolve({ code, out }))
    })
  proxy.lie = (_, answer) => answer
  const first = await command('--receipt', receipted, '--json')
  expect(JSON.parse(first.out)).toMatchObject({ verdict: 'holds' })
  expect(first.code).toBe(0)
  // What it saw the last time is held against what it sees now.
  const saw = readFileSync(state, 'utf8')
  writeFileSync(state, saw.replace(/"root": "0x..../, '"root": "0x0000'))
  const third = JSON.parse((await command('--json')).out)
  expect(third.checks.find(({ id }: Check) => id === 'memory')).toMatchObject({ verdict: 'lie', code: 'LOG_FORKED' })
  writeFileSync(state, saw)
  proxy.lie = (path, a) => (path === '/api/log' ? { ...a, root: otherHash, signed: null } : a)
  const second = await command('--json')
  expect(second.code, second.out).toBe(1)
  const remembered = JSON.parse(second.out).checks.find(({ id }: Check) => id === 'memory')
  expect(remembered).toMatchObject({ verdict: 'unknown', code: 'NEEDS_EARLIER' })
  proxy.lie = account(() => ({}))
  expect((await command()).code).toBe(2)

  // The examples, before the truth and before a lie.
  proxy.lie = (_, answer) => answer
  const keyPath = join(world.folder, 'key')
  writeFileSync(keyPath, Buffer.from(reporterKey).toString('hex'))
  const sent = await start('examples/sendBatch.ts', world.url, keyPath, payee, 'gpu-second', '3')
  expect(sent.code, sent.out).toBe(0)
  const [own, false_] = [join(world.folder, 'own.json'), join(world.folder, 'false.json')]
  writeFileSync(own, sent.out)
  writeFileSync(false_, sent.out.replace(/"position":\d+/, '"position":0'))
  const checkReceipt = (path: string) => start('examples/checkReceipt.ts', world.rpcUrl, treasury, path)
  const checkPayee = () => start('examples/checkPayee.ts', proxy.url, world.rpcUrl, trusted, payee)
  expect(await checkReceipt(own)).toMatchObject({ code: 0, out: expect.stringContaining('batch 2 is entry 4') })
  expect(await checkReceipt(false_)).toMatchObject({ code: 1, out: expect.stringContaining('FORGED_PATH') })
  const honestly = await checkPayee()
  expect(honestly.code, honestly.out).toBe(0)
  proxy.lie = account((a: object) => ({ ...a, paid_wei: '1', owed_wei: `${wei - 1n}` }))
  expect(await checkPayee()).toMatchObject({ code: 1, out: expect.stringMatching(/WRONG_PAID|WRONG_SUM/) })
})
