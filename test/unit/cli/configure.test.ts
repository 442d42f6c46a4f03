/** A configuration changed by two of three signers, on the real daemon and core. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { decodeFunctionData, parseAbi } from 'viem'
import { expect, onTestFinished, test, vi } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { addConfigureCommand } from '../../../cli/configure.ts'
import { addressOfKey } from '../../../client/batch.ts'
import { selectorOf } from '../../../client/chain/abi.ts'
import { wordOf } from '../../../client/chain/rpc.ts'
import { toHex, zeroHash } from '../../../ledger/hex.ts'
import type { Configuration } from '../../../ledger/structs.ts'
import { hashStruct } from '../../../ledger/typedData.ts'
import { struct } from '../../../protocol/codec.ts'
import { createWorld } from '../daemon/support.ts'
import { domain, keyOf, payeeOf, reporterRule } from '../ledger/support.ts'

const keys = [keyOf(50), keyOf(51), keyOf(52)].sort((a, b) => (addressOfKey(a) < addressOfKey(b) ? -1 : 1))
const signers = keys.map(addressOfKey)
const timelockAbi = parseAbi([
  'function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay)',
  'function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) payable',
])

async function setUp(changes: Partial<Configuration> = {}) {
  const world = createWorld({ signers, threshold: 2, ...changes })
  const daemon = await world.startOpen()
  const path = (name: string): string => join(world.folder, name)
  const writeKey = (n: number): string => {
    writeFileSync(path(`key${n}`), toHex(keys[n] ?? keyOf(99)), { mode: 0o600 })
    return path(`key${n}`)
  }
  const want = (change: Partial<Configuration>): string => {
    const { configuration } = world.config.rules
    writeFileSync(path('wanted'), JSON.stringify(struct('Configuration').write({ ...configuration, ...change })))
    return path('wanted')
  }
  /** Runs the command in this process. @returns what it printed */
  const configure = async (...args: readonly string[]): Promise<string> => {
    const out: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
    try {
      const program = new Command().exitOverride()
      addConfigureCommand(program)
      await program.parseAsync(['configure', ...args, '--url', daemon.url], { from: 'user' })
      return out.join('')
    } finally {
      write.mockRestore()
    }
  }
  const read = async (...args: readonly string[]) => JSON.parse(await configure(...args, '--json'))
  return { world, daemon, path, writeKey, want, configure, read }
}

/** A node on which the contract is owned by a timelock with a delay of a week. */
async function startNode(): Promise<string> {
  const words: Record<string, bigint> = {
    [selectorOf('owner()')]: BigInt(payeeOf(77)),
    [selectorOf('getMinDelay()')]: 604_800n,
  }
  const server = createServer(async (request, response) => {
    const { id, params } = JSON.parse((await request.toArray()).join(''))
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: wordOf(words[params[0].data] as bigint) }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('default: drafted, signed by two on their own, merged, sent, and told to the owner', {
  timeout: 60_000,
}, async () => {
  const { world, daemon, path, writeKey, want, configure, read } = await setUp()
  const { configuration: before, hash: previous } = world.config.rules
  const payees = [...before.payees, { payee: payeeOf(5), rail: 0, minimumWei: 7n }]
  const changed = { reporters: [reporterRule({ budgetWei: 7n })], payees, minimumWei: 9n }
  const hash = hashStruct('Configuration', { ...before, ...changed, version: 2n, previous })

  const draft = await read('draft', want({ ...changed, version: 77n }), '--out', path('change'))
  expect(draft).toMatchObject({ version: '2', hash, previous, signers: [], threshold: 2 })
  expect(draft.differences).toMatchObject([
    { kind: 'changed', path: `reporters ${before.reporters[0]?.reporter} budget_wei`, after: '7' },
    { kind: 'added', path: `payees ${payeeOf(5)}`, before: null },
    { kind: 'changed', path: 'minimum_wei', after: '9' },
  ])
  // The same words for people.
  const shown = await configure('show', path('change'))
  expect(shown).toContain(`payees ${payeeOf(5)}`)

  // One is not enough; all three are one too many, and the surplus is left away.
  const signed = await read('sign', path('change'), '--key', writeKey(2), '--out', path('a'))
  expect(signed.signers).toEqual([signers[2]])
  await expect(configure('send', path('a'))).rejects.toMatchObject({ code: 'WRONG_SIGNERS', status: 403 })
  await read('sign', path('change'), '--key', writeKey(0), '--out', path('b'))
  const merged = await read('merge', path('a'), path('b'), path('a'), '--out', path('signed'))
  expect(merged.signers).toEqual([signers[0], signers[2]])
  const all = await read('sign', path('signed'), '--key', writeKey(1), '--out', path('all'))
  expect(all.signers).toHaveLength(2)

  const sent = await read('send', path('signed'), '--rpc', await startNode())
  expect(sent).toMatchObject({ status: 'accepted', position: 1, hash })
  expect(await read('send', path('signed'))).toMatchObject({ status: 'already_accepted', position: 1 })
  expect((await daemon.client.status()).core?.configHash).toBe(hash)

  const { setConfig, schedule, execute, timelock } = sent.calls
  expect(timelock).toBe(payeeOf(77))
  expect(decodeFunctionData({ abi: treasuryAbi, data: setConfig })).toEqual({ functionName: 'setConfig', args: [hash] })
  const operation = [domain.verifyingContract, 0n, setConfig, zeroHash, hash]
  const decoded = [schedule, execute].map((data) => decodeFunctionData({ abi: timelockAbi, data }))
  expect(decoded[0]).toMatchObject({
    functionName: 'schedule',
    args: [expect.any(String), ...operation.slice(1), 604_800n],
  })
  expect(decoded[1]).toMatchObject({ functionName: 'execute', args: [expect.any(String), ...operation.slice(1)] })
  expect(String(decoded[1]?.args[0]).toLowerCase()).toBe(domain.verifyingContract)
})

test('error: strangers, other drafts, faults, and a daemon that is away', async () => {
  const { path, daemon, writeKey, want, configure, read } = await setUp()
  await read('draft', want({ minimumWei: 9n }), '--out', path('change'))
  await read('draft', want({ minimumWei: 8n }), '--out', path('other'))
  const refused = async (code: string, ...args: readonly string[]) =>
    expect(configure(...args)).rejects.toMatchObject({ code, exitCode: 2 })
  const out = ['--out', path('out')]
  const [stranger, first, second] = [writeKey(9), writeKey(0), writeKey(1)]
  await refused('WRONG_SIGNERS', 'sign', path('change'), '--key', stranger, ...out)
  await refused('DIFFERENT_CHANGES', 'merge', path('change'), path('other'), ...out)
  await refused('BAD_CONFIGURATION', 'draft', want({ rail: 7 }), ...out)
  await refused('FILE_UNREADABLE', 'draft', path('nowhere'), ...out)
  expect(() => readFileSync(path('out'))).toThrow()

  // Of two drafts on one configuration only the first can follow it: the other is not even signed any more.
  await read('sign', path('change'), '--key', first, second, '--out', path('signed'))
  await read('send', path('signed'))
  await refused('WRONG_VERSION', 'sign', path('other'), '--key', first, ...out)
  const nowhere = ['--rpc', 'http://127.0.0.1:1']
  await expect(configure('show', path('signed'), ...nowhere)).rejects.toMatchObject({ code: 'WRONG_VERSION' })
  await expect(configure('send', path('signed'), ...nowhere)).rejects.toMatchObject({
    code: 'NO_TIMELOCK',
    exitCode: 75,
  })
  await daemon.stop()
  await expect(configure('show', path('other'))).rejects.toMatchObject({ code: 'UNREACHABLE', isTemporary: true })
})
