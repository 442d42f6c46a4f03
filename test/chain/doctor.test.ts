/** Each line of the doctor: well, and gone bad in every way that it knows. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { encodeFunctionResult, type Hex, toFunctionSelector, toHex as toQuantity } from 'viem'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { type Broker, brokerOnArbitrum, findOrDeployBroker } from '../../anvil/broker.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import { verifyAttestation } from '../../attestation/verify.ts'
import { checkChain, judgeClock, judgeSilence } from '../../cli/doctor/chainChecks.ts'
import { checkCore } from '../../cli/doctor/coreChecks.ts'
import type { Finding } from '../../cli/doctor/finding.ts'
import { checkHost, judgeDisk } from '../../cli/doctor/hostChecks.ts'
import type { Trust } from '../../client/index.ts'
import type { LaneAndHost } from '../../daemon/config.ts'
import { createKms } from '../../daemon/kms.ts'
import { checkConfiguration } from '../../ledger/config.ts'
import { toHex } from '../../ledger/hex.ts'
import { createWorld, type TestWorld, waiting } from '../unit/daemon/support.ts'
import { testPlatform } from '../unit/enclave/support.ts'
import { configuration, payeeOf } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { account, admin, adminStatement, attestedStatement, hostRole, pcr, region, startKms } from './kmsWorld.ts'

const verdictOf = (findings: readonly Finding[], name: string): string | undefined => {
  const finding = findings.find((one) => one.name === name)
  // What is not well says what to do about it.
  if (finding && finding.verdict !== 'ok') expect(finding.next).toBeTruthy()
  return finding?.verdict
}

describe('the chain', () => {
  const startChain = useChains()
  let [rpcUrl, wallet, broker]: [string, Wallet, Broker] = ['', {} as Wallet, {} as Broker]
  let config: Pick<LaneAndHost, 'rpcUrls' | 'rules' | 'roundsManager'>
  const cheat = (method: string, ...params: readonly unknown[]) =>
    wallet.chain.request({ method: method as never, params: params as never })
  beforeAll(async () => {
    ;({ rpcUrl } = await startChain({ kind: 'local' }))
    wallet = await createFundedWallet(rpcUrl, '200')
    broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
    const predicted = await predictAddress(wallet)
    const rules = checkConfiguration(configuration({ verifyingContract: predicted, broker: broker.broker }))
    await deployTreasury(wallet, { predicted, committer: payeeOf(700), configHash: rules.hash, broker })
    config = { rpcUrls: [rpcUrl], rules, roundsManager: broker.roundsManager }
  }, 120_000)

  test('default: all is well before the first commit', async () => {
    const findings = await checkChain(config)
    const names = ['rpc 1', 'clock', 'contract', 'head', 'broker', 'rounds', 'gas account', 'treasury', 'silence']
    expect(findings.map(({ name, verdict }) => [name, verdict])).toEqual(names.map((name) => [name, 'ok']))
  })

  test('error: servers that are away, or on another chain; one that is well is enough for the rest', async () => {
    const other = { ...config.rules, configuration: { ...config.rules.configuration, chainId: 1n } }
    expect(verdictOf(await checkChain({ ...config, rules: other }), 'rpc 1')).toBe('fail')
    const findings = await checkChain({ ...config, rpcUrls: ['http://127.0.0.1:1/key', rpcUrl] })
    expect(verdictOf(findings, 'rpc 1')).toBe('fail')
    expect(verdictOf(findings, 'rpc 2')).toBe('ok')
    expect(verdictOf(findings, 'head')).toBe('ok')
    expect(JSON.stringify(findings)).not.toContain('key')
  })

  const changed = (members: object) => ({
    ...config,
    rules: { ...config.rules, configuration: { ...config.rules.configuration, ...members } },
  })
  test.each<[string, string, () => typeof config]>([
    ['contract', 'nothing at the address', () => changed({ verifyingContract: payeeOf(900) })],
    ['head', 'another configuration', () => ({ ...config, rules: { ...config.rules, hash: toHex(pcr(1).slice(16)) } })],
    ['broker', 'another broker', () => changed({ broker: payeeOf(900) })],
    ['rounds', 'another RoundsManager', () => ({ ...config, roundsManager: payeeOf(900) })],
  ])('error: %s: %s', async (name, _, wrong) => expect(verdictOf(await checkChain(wrong()), name)).toBe('fail'))

  test('error: a broker without code', async () => {
    const code = await wallet.chain.getCode({ address: broker.broker })
    await cheat('anvil_setCode', broker.broker, '0x')
    expect(verdictOf(await checkChain(config), 'broker')).toBe('fail')
    await cheat('anvil_setCode', broker.broker, code)
  })

  test.each([
    ['gas account', () => payeeOf(700)],
    ['treasury', () => config.rules.configuration.verifyingContract],
  ])('error: nothing in the %s', async (name, address) => {
    const balance = await wallet.chain.getBalance({ address: address() })
    await cheat('anvil_setBalance', address(), '0x0')
    expect(verdictOf(await checkChain(config), name)).toBe('warn')
    await cheat('anvil_setBalance', address(), toQuantity(balance))
  })

  test('error: a contract that is frozen, and one that is silent', async () => {
    const answerOf = (functionName: 'frozen' | 'silentAt', result: unknown) =>
      encodeFunctionResult({ abi: treasuryAbi, functionName, result: result as never })
    const frozen = await startLiar(rpcUrl, { 'frozen()': answerOf('frozen', true) })
    expect(verdictOf(await checkChain({ ...config, rpcUrls: [frozen] }), 'silence')).toBe('fail')
    const seconds = (days: number) => judgeSilence(days * 86_400 + 1).verdict
    expect([seconds(3), seconds(2.9), seconds(-1)]).toEqual(['ok', 'fail', 'fail'])
  })

  test('error: a clock that is off', () => {
    expect([0, 60, -60, 61, -61].map((by) => judgeClock(by).verdict)).toEqual(['ok', 'ok', 'ok', 'warn', 'warn'])
  })
})

/** A server of the chain that answers some calls by itself. */
async function startLiar(target: string, lies: Readonly<Record<string, Hex>>): Promise<string> {
  const bySelector = Object.fromEntries(Object.entries(lies).map(([name, lie]) => [toFunctionSelector(name), lie]))
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    const { id, params } = JSON.parse(body)
    const lie = bySelector[params?.[0]?.data]
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    response.end(lie ? JSON.stringify({ jsonrpc: '2.0', id, result: lie }) : await answer.text())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const { attest, trust } = testPlatform()
const { pcrs } = verifyAttestation(attest({ userData: new Uint8Array() }), {
  root: trust.root,
  at: 'document',
}).document
const image = [0, 1, 2].map((register) => pcrs.get(register) as Uint8Array)
const trusting = ([pcr0, pcr1, pcr2] = image as readonly Uint8Array[]): Trust => ({
  chainId: null,
  contract: null,
  attestationRoot: toHex(trust.root),
  images: [{ pcr0: toHex(pcr0 as never), pcr1: toHex(pcr1 as never), pcr2: toHex(pcr2 as never) }],
})

/** A daemon at work, and its settings as the doctor finds them. */
async function atWork(world: TestWorld, kms: LaneAndHost['kms'] = []): Promise<LaneAndHost> {
  const operator = { listen: '127.0.0.1:0', tokenFile: '' }
  const operatorToken = 'operator-token-of-thirty-two-chars'
  const daemon = await world.startOpen({ operator, operatorToken })
  const [listen, operatorListen] = await vi.waitFor(
    () =>
      ['listening', 'listening for the operator'].map((msg) => {
        const line = daemon.log.find((one) => one.msg === msg)
        if (!line) throw new Error('not listening yet')
        return new URL(line.url as string).host
      }) as [string, string],
    waiting,
  )
  return { ...world.config, listen, operator: { ...operator, listen: operatorListen }, operatorToken, kms }
}

const nowhere = { listen: '127.0.0.1:1' }

describe('the core', () => {
  test('default: an image that is trusted; error: one that is not, and one that has halted', async () => {
    const world = createWorld()
    const config = await atWork(world)
    expect(verdictOf(await checkCore(config, trusting()), 'core')).toBe('ok')
    expect(verdictOf(await checkCore(config, trusting([7, 8, 9].map(pcr))), 'core')).toBe('fail')
    expect(verdictOf(await checkCore(config, { ...trusting(), attestationRoot: `0x${'11'.repeat(32)}` }), 'core')).toBe(
      'fail',
    )
    expect(verdictOf(await checkCore(config, undefined), 'core')).toBe('warn')
    ;(world.coreHost.core as { phase: string }).phase = 'halted'
    expect(verdictOf(await checkCore(config, trusting()), 'core')).toBe('fail')
  })

  test('behavior: a core that waits for its daemon is judged too', async () => {
    const { config, coreHost } = createWorld()
    const lonely = { ...config, ...nowhere }
    expect(verdictOf(await checkCore(lonely, trusting()), 'core')).toBe('ok')
    expect(verdictOf(await checkCore(lonely, trusting([7, 8, 9].map(pcr))), 'core')).toBe('fail')
    ;(coreHost.core as { phase: string }).phase = 'halted'
    expect(verdictOf(await checkCore(lonely, trusting()), 'core')).toBe('fail')
  })

  test('error: no core', async () => {
    const { config, folder } = createWorld()
    const place = { keyId: 'k', region, endpoint: null }
    const findings = await checkCore(
      { ...config, ...nowhere, core: `unix:${join(folder, 'no.sock')}`, kms: [place] },
      undefined,
    )
    expect(verdictOf(findings, 'core')).toBe('fail')
    expect(verdictOf(findings, 'kms 1')).toBe('warn')
  })
})

describe('KMS', () => {
  let server: Awaited<ReturnType<typeof startKms>>
  beforeAll(async () => {
    server = await startKms({ attestationRoot: trust.root })
    vi.stubEnv('AWS_ACCESS_KEY_ID', hostRole.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', hostRole.secretAccessKey)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await server.stop()
  })
  const allow = (actions: readonly string[]) => ({
    Effect: 'Allow',
    Principal: { AWS: hostRole.arn },
    Action: actions,
    Resource: '*',
  })
  const right = [adminStatement, attestedStatement(image)]

  /** What the doctor says of keys under these policies: by the daemon, and by a core that waits for one. */
  async function judge(...policies: readonly (readonly object[])[]) {
    const keys = await Promise.all(policies.map((statements) => server.createKey(statements)))
    return judgePlaces(
      keys.map(({ publicKey }) => toHex(publicKey)),
      keys.map(({ keyId }) => keyId),
    )
  }
  async function judgePlaces(kmsKeys: readonly Hex[], keyIds: readonly string[], endpoint = server.endpoint) {
    const credentials = { accessKeyId: hostRole.accessKeyId, secretAccessKey: hostRole.secretAccessKey }
    const kms = createKms({ region, endpoint, credentials, timeoutMs: 5_000 })
    const world = createWorld(
      { kmsKeys: [...kmsKeys] },
      keyIds.map((keyId) => ({ keyId, kms })),
    )
    const places = keyIds.map((keyId) => ({ keyId, region, endpoint }))
    const config = await atWork(world, places)
    const findings = await checkCore(config, trusting())
    const alone = { ...createWorld({ kmsKeys: [...kmsKeys] }).config, ...nowhere, kms: places }
    expect((await checkCore(alone, trusting())).slice(1)).toEqual(findings.slice(1))
    return findings.slice(1).map(({ name }) => verdictOf(findings, name))
  }

  test('default: it gives this image its key, and nobody else', async () =>
    expect(await judge(right, [...right, allow(['kms:GetPublicKey'])])).toEqual(['ok', 'ok']))
  test('error: a policy for another image, or for no host', async () =>
    expect(await judge([adminStatement, attestedStatement([7, 8, 9].map(pcr))], [adminStatement])).toEqual([
      'fail',
      'fail',
    ]))
  test('error: a policy that gives the key to whoever is this host', async () =>
    expect(await judge([adminStatement, allow(['kms:DeriveSharedSecret'])])).toEqual(['fail']))
  test('error: another key than the configuration names', async () => {
    const [named, other] = await Promise.all([
      server.createKey(right),
      server.createKey([...right, allow(['kms:GetPublicKey'])]),
    ])
    expect(await judgePlaces([toHex(named.publicKey)], [other.keyId])).toEqual(['fail'])
  })
  test('error: no such key, and no KMS', async () => {
    const { keyId, publicKey } = await server.createKey(right)
    const unknown = `arn:aws:kms:${region}:${account}:key/none`
    expect(await judgePlaces([toHex(publicKey)], [unknown])).toEqual(['fail'])
    expect(await judgePlaces([toHex(publicKey)], [keyId], 'http://127.0.0.1:1')).toEqual(['fail'])
  })
  test('error: a key that is disabled while all runs', async () => {
    const { keyId, publicKey } = await server.createKey(right)
    const { DisableKeyCommand } = await import('@aws-sdk/client-kms')
    await server.clientOf(admin).send(new DisableKeyCommand({ KeyId: keyId }))
    expect(await judgePlaces([toHex(publicKey)], [keyId])).toEqual(['fail'])
  })
})

describe('this machine', () => {
  test('default: the store is that of this deployment, and the daemon works', async () => {
    const config = await atWork(createWorld())
    const findings = await checkHost(config)
    expect(['store', 'disk', 'daemon'].map((name) => verdictOf(findings, name))).toEqual(['ok', 'ok', 'ok'])
    const other = await checkHost({ ...config, rules: { ...config.rules, hash: toHex(pcr(1).slice(16)) } })
    expect(verdictOf(other, 'store')).toBe('fail')
  })

  test.each(['sqlite:/nowhere/at/all.sqlite', 'postgres://a:b@127.0.0.1:1/none'])(
    'error: no store at %s',
    async (store) => {
      const findings = await checkHost({ ...createWorld().config, ...nowhere, store })
      expect(verdictOf(findings, 'store')).toBe('fail')
      expect(JSON.stringify(findings)).not.toContain('a:b')
    },
  )

  test('error: no daemon, and one whose epoch is not open', async () => {
    const world = createWorld()
    expect(verdictOf(await checkHost({ ...world.config, ...nowhere }), 'daemon')).toBe('fail')
    const { url } = await world.startDaemon()
    expect(verdictOf(await checkHost({ ...world.config, listen: new URL(url).host }), 'daemon')).toBe('warn')
  })

  test('error: a disk that is nearly full', () => {
    expect([2 ** 31, 2 ** 31 - 1].map((bytes) => judgeDisk('/', bytes).verdict)).toEqual(['ok', 'warn'])
  })
})
