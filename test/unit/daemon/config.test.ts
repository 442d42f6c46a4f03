import { expect, test } from 'vitest'
import { ConfigFaults, loadConfig } from '../../../daemon/config.ts'
import { struct } from '../../../protocol/codec.ts'
import { configuration } from '../ledger/support.ts'

const ledger = struct('Configuration').write(configuration()) as Record<string, unknown>
const settings = {
  core: 'unix:/run/core.sock',
  rpcUrls: ['http://127.0.0.1:8545'],
  listen: '127.0.0.1:0',
  store: 'sqlite:/var/lib/store.sqlite',
  configuration: '/etc/ledger.json',
  roundsManager: `0x${'AB'.repeat(20)}`,
  bondingManager: null,
  anchorIntervalMs: 1000,
  payIntervalMs: 2000,
  pollMs: 100,
  confirmations: 3,
  transaction: { gas: '30000000', maxFeePerGas: '1000', maxPriorityFeePerGas: '10' },
  logLevel: 'info',
}

const load = (env: Record<string, string>, files: Record<string, unknown> = {}, modes: Record<string, number> = {}) => {
  const all: Record<string, unknown> = { '/etc/daemon.json': settings, '/etc/ledger.json': ledger, ...files }
  const { host, lanes } = loadConfig({
    env: { BURSAR_CONFIG: '/etc/daemon.json', PATH: '/bin', ...env },
    readFile: (path) => {
      if (!(path in all)) throw new Error(`no such file ${path}`)
      return typeof all[path] === 'string' ? all[path] : JSON.stringify(all[path])
    },
    modeOf: (path) => modes[path] ?? 0o100640,
  })
  return { ...host, ...lanes[0], lanes }
}

const faultsOf = (act: () => unknown): readonly string[] => {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults
    throw error
  }
  return []
}

test('default: the file alone', () => {
  const config = load({})
  expect(config).toMatchObject({
    core: 'unix:/run/core.sock',
    roundsManager: `0x${'ab'.repeat(20)}`,
    bondingManager: null,
    confirmations: 3,
    transaction: { gas: 30_000_000n, maxFeePerGas: 1000n, maxPriorityFeePerGas: 10n },
  })
  expect(config.rules?.configuration).toEqual(configuration())
})

test('behavior: the environment is above the file', () => {
  const env = {
    BURSAR_CORE: 'tcp:10.0.0.1:9000',
    BURSAR_POLL_MS: '7',
    BURSAR_TRANSACTION_GAS: '5',
    BURSAR_ROUNDS_MANAGER: 'null',
    BURSAR_BONDING_MANAGER: `0x${'01'.repeat(20)}`,
  }
  expect(load(env)).toMatchObject({
    core: 'tcp:10.0.0.1:9000',
    pollMs: 7,
    transaction: { gas: 5n, maxFeePerGas: 1000n },
    roundsManager: null,
    bondingManager: `0x${'01'.repeat(20)}`,
  })
})

test('error: every fault at once', () => {
  const { store, ...rest } = settings
  const broken = { ...rest, pollMs: 0, rpcUrls: ['ftp://x'], listen: 'nowhere', extra: 1, logLevel: 'loud' }
  const env = { BURSAR_CONFIRMATIONS: 'many', BURSAR_TRANSACTION_GAS: '1e9', BURSAR_PASSWORD: 'x' }
  const faults = faultsOf(() =>
    load(env, { '/etc/daemon.json': broken, '/etc/ledger.json': { ...ledger, chain_id: '0' } }),
  )
  const names = faults.map((fault) => fault.split(':')[0]).sort()
  expect(names).toEqual(
    [
      'BURSAR_PASSWORD',
      'configuration',
      'confirmations',
      'listen',
      'logLevel',
      'pollMs',
      'rpcUrls.0',
      'store',
      'the file',
      'transaction.gas',
    ].sort(),
  )
})

test.each([
  ['no file is named', { BURSAR_CONFIG: '' }, {}, 'BURSAR_CONFIG'],
  ['the file is not there', { BURSAR_CONFIG: '/nowhere' }, {}, 'BURSAR_CONFIG'],
  ['the file is no JSON', {}, { '/etc/daemon.json': '{' }, 'BURSAR_CONFIG'],
  ['the file is no object', {}, { '/etc/daemon.json': '[]' }, 'BURSAR_CONFIG'],
  ["the ledger's file is not there", { BURSAR_CONFIGURATION: '/nowhere' }, {}, 'configuration'],
  ["the ledger's file has a member too much", {}, { '/etc/ledger.json': { ...ledger, more: 1 } }, 'configuration'],
])('error: %s', (_, env, files, name) => {
  const faults = faultsOf(() => load(env, files))
  expect(faults).toHaveLength(1)
  expect(faults[0]).toMatch(new RegExp(`^${name}: `))
})

test('behavior: for each KMS key of the ledger its place', () => {
  const kms = [{ keyId: 'arn:aws:kms:eu-central-1:1:key/2', region: 'eu-central-1', endpoint: null }]
  const kmsKeys = ['0x01' as const]
  const withKey = struct('Configuration').write(configuration({ kmsKeys }))
  const config = load({}, { '/etc/daemon.json': { ...settings, kms }, '/etc/ledger.json': withKey })
  expect(config.kms).toEqual(kms)
  expect(faultsOf(() => load({}, { '/etc/ledger.json': withKey }))).toEqual([
    'kms: expected one for each of the 1 kms_keys',
  ])
  const wrong = [{ ...kms[0], region: 'Frankfurt', endpoint: 'ftp://x' }]
  expect(faultsOf(() => load({}, { '/etc/daemon.json': { ...settings, kms: wrong } }))).toEqual([
    'kms.0.region: expected a region like eu-central-1',
    'kms.0.endpoint: expected an http or https URL',
  ])
})

const operator = { listen: '127.0.0.1:0', tokenFile: '/etc/token' }
const token = 'a'.repeat(32)

test('behavior: comments, defaults, and members of members in the environment', () => {
  const text = `// why\n${JSON.stringify({ ...settings, operator }, null, 1)}\n  // end`
  const env = { BURSAR_LIMITS_STREAMS: '7', BURSAR_OPERATOR_LISTEN: '10.0.0.1:1', BURSAR_RPC_URLS: 'http://a,http://b' }
  const files = { '/etc/daemon.json': text, '/etc/token': ` ${token}\n` }
  expect(load(env, files, { '/etc/token': 0o100600 })).toMatchObject({
    rpcUrls: ['http://a', 'http://b'],
    proxies: 0,
    limits: { addressPerSecond: 100, streams: 7 },
    operator: { listen: '10.0.0.1:1' },
    operatorToken: token,
  })
  expect(load({})).toMatchObject({ operator: null, operatorToken: undefined })
  // On this machine alone, unless told.
  const own = { '/etc/daemon.json': { ...settings, operator: { tokenFile: '/etc/token' } }, '/etc/token': token }
  const modes = { '/etc/token': 0o100600 }
  expect(load({}, own, modes)).toMatchObject({ operator: { listen: '127.0.0.1:8081' } })
})

test('error: files that others can read, and a token that is none', () => {
  const files = { '/etc/daemon.json': { ...settings, operator }, '/etc/token': token }
  expect(faultsOf(() => load({}, files, { '/etc/daemon.json': 0o644, '/etc/token': 0o640 }))).toEqual([
    'BURSAR_CONFIG: /etc/daemon.json is open to others (mode 644): chmod 640 /etc/daemon.json',
    'operator.tokenFile: /etc/token is open to others (mode 640): chmod 600 /etc/token',
  ])
  const short = { ...files, '/etc/token': 'short' }
  expect(faultsOf(() => load({}, short, { '/etc/token': 0o600 }))).toEqual([
    'operator.tokenFile: /etc/token holds no token of 32 characters or more',
  ])
  expect(faultsOf(() => load({}, { '/etc/daemon.json': { ...settings, operator } }))).toHaveLength(1)
})

test('error: a file that is no JSON is not quoted', () => {
  const secret = 'sup3rs3cr3t'
  const [fault] = faultsOf(() => load({}, { '/etc/daemon.json': `{"rpcUrls": ["${secret}"] "x"}` }))
  expect(fault).toMatch(/^BURSAR_CONFIG: \/etc\/daemon.json is no JSON at line 1 column \d+$/)
  const [other] = faultsOf(() => load({}, { '/etc/daemon.json': secret }))
  expect(other).not.toContain(secret)
})

const { core: _, store: __, configuration: ___, ...shared } = settings
const contractOf = (digit: string) => ({ ...ledger, verifying_contract: `0x${digit.repeat(40)}` })
const laneOf = (name: string, more: Record<string, unknown> = {}) => {
  return {
    name,
    core: `unix:/run/${name}.sock`,
    store: `sqlite:/var/${name}`,
    configuration: `/etc/${name}.json`,
    ...more,
  }
}
const loadLanes = (lanes: unknown, more: Record<string, unknown> = {}, env: Record<string, string> = {}) =>
  load(env, {
    '/etc/daemon.json': { ...shared, ...more, lanes },
    '/etc/north.json': contractOf('1'),
    '/etc/south.json': contractOf('2'),
  })

test('behavior: lanes share what stands beside them, and say for themselves what is theirs', () => {
  const lanes = [laneOf('north'), laneOf('south', { pollMs: 7, transaction: { ...settings.transaction, gas: '5' } })]
  const config = loadLanes(lanes, {}, { BURSAR_POLL_MS: '9' })
  expect(config.lanes).toMatchObject([
    { name: 'north', core: 'unix:/run/north.sock', pollMs: 9, confirmations: 3, transaction: { gas: 30_000_000n } },
    { name: 'south', store: 'sqlite:/var/south', pollMs: 7, confirmations: 3, transaction: { gas: 5n } },
  ])
  expect(config.lanes.map(({ rules }) => rules.configuration.verifyingContract)).toEqual([
    contractOf('1').verifying_contract,
    contractOf('2').verifying_contract,
  ])
  expect(config.listen).toBe(settings.listen)
  expect(load({}).lanes).toMatchObject([{ name: null }])
})

test('error: every fault of every lane at once, and what two lanes would fight over', () => {
  const relayerKey = '/etc/key'
  const lanes = [
    laneOf('north', { pollMs: 0, relayerKey }),
    laneOf('south', {
      core: 'unix:/run/north.sock',
      configuration: '/etc/north.json',
      listen: '127.0.0.1:1',
      relayerKey,
    }),
    laneOf('north', { store: 'mysql:x', configuration: '/nowhere' }),
    { ...laneOf('x'), name: 'No name' },
    7,
  ]
  const faults = faultsOf(() => loadLanes(lanes, { confirmations: -1, extra: 1 }))
  expect(faults.map((fault) => fault.split(': ')[0]).sort()).toEqual(
    [
      'the file', // extra
      'confirmations', // once, and not once a lane
      'lanes.3', // its name
      'lanes.4',
      'lanes.north.pollMs',
      'lanes.south', // listen is no setting of a lane
      'lanes.north.store',
      'lanes.north.configuration',
      'lanes.3.configuration',
      'lanes.4.core',
      'lanes.4.store',
      'lanes.4.configuration',
      'lanes.north', // its name is taken
      'lanes.north', // its core is that of the first
      'lanes.south', // so is this one's
      'lanes.south', // relayerKey
    ].sort(),
  )
  // Contracts are compared once they can be read.
  const same = [laneOf('north'), laneOf('south', { configuration: '/etc/north.json' })]
  expect(faultsOf(() => loadLanes(same))).toEqual(['lanes.south: its contract is that of lane north already'])
  for (const none of [[], {}, 'north', null]) expect(faultsOf(() => loadLanes(none))).toHaveLength(1)
})
