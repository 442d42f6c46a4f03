/** What changes the rules of the ledger, and what takes: configurations, preferences, debits. Rows 9, 17, 19, 27 of the attacks. */
import { describe, expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { credit, sessionHeartbeat, sessionStart, workload } from '../../../client/events.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { signPreference } from '../../../client/preference.ts'
import { eventKind, reportersEverMax } from '../../../ledger/config.ts'
import { authenticate, type Entry, entryLeaf, fromSealed, type SignedConfiguration } from '../../../ledger/entry.ts'
import { type Hex, zeroAddress, zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { createLedger, type Ledger, payeeRule } from '../../../ledger/state.ts'
import type { Configuration, Event } from '../../../ledger/structs.ts'
import { applyEntry } from '../../../ledger/transition.ts'
import { digest } from '../../../ledger/typedData.ts'
import {
  broker,
  configuration,
  domain,
  expectUnchanged,
  keyOf,
  ledgerWith,
  payeeOf,
  reporter,
  reporterRule,
  send,
  sendNext,
  signed,
} from './support.ts'

const [aliceKey, bobKey] = [keyOf(10), keyOf(11)]
const [alice, bob, carol] = [addressOfKey(aliceKey), addressOfKey(bobKey), payeeOf(5)]
const give = (payee: Hex, wei: bigint) => credit({ id: 'c', payee, wei })
const take = (payee: Hex, wei: bigint): Event => ({ ...give(payee, wei), kind: eventKind.debit })
const balance = (ledger: Ledger, payee: Hex) => {
  const { earnedWei, debtWei } = ledger.accounts.get(payee)?.balance ?? { earnedWei: 0n, debtWei: 0n }
  return [earnedWei, debtWei]
}
const add = (ledger: Ledger, entry: Entry) => applyEntry(ledger, authenticate(ledger.rules, entry))

describe('debits', () => {
  test('behavior: a debit is a debt that later credits pay down first; earned never falls', () => {
    const ledger = ledgerWith({})
    sendNext(ledger, give(alice, 10n), take(alice, 25n))
    expect(balance(ledger, alice)).toEqual([10n, 25n])
    sendNext(ledger, give(alice, 20n))
    expect(balance(ledger, alice)).toEqual([10n, 5n])
    sendNext(ledger, give(alice, 7n))
    expect(balance(ledger, alice)).toEqual([12n, 0n])
    expect(ledger.totalEarnedWei).toBe(12n)
  })

  test('behavior: order within a batch is order', () => {
    const ledger = ledgerWith({})
    sendNext(ledger, take(alice, 5n), give(alice, 10n), take(alice, 1n))
    expect(balance(ledger, alice)).toEqual([5n, 1n])
  })

  test('behavior: a debit begins an account, and counts against caps and budget as a credit does', () => {
    const ledger = ledgerWith({ payeeMaxWei: 10n, batchMaxWei: 15n, budgetWei: 20n })
    const facts = { payee: alice, max: '10', got: '11' }
    const next = () => ledger.reporters.get(reporter)?.nextSequence ?? 0n
    const trySend =
      (...events: Event[]) =>
      () =>
        send(ledger, signed(next(), events))
    expectUnchanged(ledger, trySend(take(alice, 11n)), 'PAYEE_CAP_EXCEEDED', facts)
    expectUnchanged(ledger, trySend(take(alice, 6n), give(alice, 5n)), 'PAYEE_CAP_EXCEEDED', facts)
    expectUnchanged(ledger, trySend(take(alice, 8n), give(bob, 8n)), 'BATCH_CAP_EXCEEDED', { max: '15', got: '16' })
    sendNext(ledger, take(alice, 10n), give(bob, 5n))
    expect(ledger.accounts.get(alice)?.index).toBe(0)
    expectUnchanged(ledger, trySend(take(bob, 6n)), 'BUDGET_EXCEEDED', { left: '5', got: '6' })
  })

  test('error: a debt of 2^96 wei', () => {
    const most = 2n ** 96n - 1n
    const ledger = ledgerWith({ payeeMaxWei: most, batchMaxWei: most, budgetWei: most })
    sendNext(ledger, take(alice, most))
    expectUnchanged(ledger, () => sendNext(ledger, take(alice, 1n)), 'AMOUNT_TOO_LARGE', { event: 0 })
  })

  test('row 19: only a reporter that is allowed to may debit', () => {
    const ledger = ledgerWith({ kinds: 0b11111 })
    expectUnchanged(ledger, () => sendNext(ledger, take(alice, 1n)), 'KIND_NOT_ALLOWED', { event: 0, kind: 5 })
  })
})

const wish = (number: bigint, changes: object = {}, secretKey = aliceKey) =>
  signPreference({ domain, secretKey, number, rail: 1, minimumWei: 9n, redirect: zeroAddress, ...changes })

/** A ledger in which alice and bob have accounts. */
function known(): Ledger {
  const ledger = ledgerWith({})
  sendNext(ledger, give(alice, 100n), give(bob, 100n))
  return ledger
}

describe('preferences', () => {
  test('behavior: rail and minimum come from the payee, over what the operator lists', () => {
    const ledger = known()
    expect(payeeRule(ledger, alice)).toMatchObject({ rail: 0, minimumWei: 0n })
    expect(add(ledger, wish(0n))).toEqual({ status: 'accepted', position: 2, odd: [], gains: new Map() })
    expect(payeeRule(ledger, alice)).toMatchObject({ rail: 1, minimumWei: 9n })
    add(ledger, wish(1n, { rail: 0 }))
    expect(payeeRule(ledger, alice)).toMatchObject({ rail: 0 })
  })

  test('row 27: a redirect moves what is credited after it, and nothing that was earned', () => {
    const ledger = known()
    add(ledger, wish(0n, { redirect: bob }))
    sendNext(ledger, give(alice, 7n))
    expect([balance(ledger, alice), balance(ledger, bob)]).toEqual([
      [100n, 0n],
      [107n, 0n],
    ])
    add(ledger, wish(1n))
    sendNext(ledger, give(alice, 1n))
    expect(balance(ledger, alice)).toEqual([101n, 0n])
  })

  test('behavior: a redirect is one hop, and two that point at each other end', () => {
    const ledger = known()
    add(ledger, wish(0n, { redirect: bob }))
    add(ledger, wish(0n, { redirect: alice }, bobKey))
    sendNext(ledger, give(alice, 3n), give(bob, 4n))
    expect([balance(ledger, alice), balance(ledger, bob)]).toEqual([
      [104n, 0n],
      [103n, 0n],
    ])
  })

  test('behavior: a redirect may begin an account', () => {
    const ledger = known()
    add(ledger, wish(0n, { redirect: carol }))
    sendNext(ledger, give(alice, 3n))
    expect(ledger.accounts.get(carol)).toMatchObject({ index: 2, balance: { earnedWei: 3n, debtWei: 0n } })
  })

  test('row 27: a debt that came after the redirect is paid down before anything is redirected, and is never the other one’s', () => {
    const ledger = known()
    add(ledger, wish(0n, { redirect: bob }))
    sendNext(ledger, take(alice, 10n), give(alice, 4n))
    expect([balance(ledger, alice), balance(ledger, bob)]).toEqual([
      [100n, 6n],
      [100n, 0n],
    ])
    sendNext(ledger, take(bob, 1n), give(alice, 8n))
    expect([balance(ledger, alice), balance(ledger, bob)]).toEqual([
      [100n, 0n],
      [101n, 0n],
    ])
  })

  test('row 27: a payee in debt cannot redirect, and can still choose its rail', () => {
    const ledger = known()
    sendNext(ledger, take(alice, 10n))
    const facts = { payee: alice, debt: '10' }
    expectUnchanged(ledger, () => add(ledger, wish(0n, { redirect: bob })), 'IN_DEBT', facts)
    add(ledger, wish(0n))
  })

  test('row 27: an old preference cannot be replayed, a later one not come early', () => {
    const ledger = known()
    const first = wish(0n, { redirect: bob })
    add(ledger, first)
    add(ledger, wish(1n))
    expectUnchanged(ledger, () => add(ledger, first), 'SEQUENCE_REPEAT', { expected: '2', got: '0' })
    expectUnchanged(ledger, () => add(ledger, wish(3n)), 'SEQUENCE_GAP', { expected: '2', got: '3' })
  })

  test.each<[string, object, string, object]>([
    ['to itself', { redirect: alice }, 'PAYEE_REFUSED', { payee: alice }],
    ['to the contract', { redirect: domain.verifyingContract }, 'PAYEE_REFUSED', { payee: domain.verifyingContract }],
    ['to the broker', { redirect: broker }, 'PAYEE_REFUSED', { payee: broker }],
    ['a rail that is none', { rail: 2 }, 'PREFERENCE_MALFORMED', { payee: alice }],
  ])('error: %s', (_, changes, code, facts) => {
    const ledger = known()
    expectUnchanged(ledger, () => add(ledger, wish(0n, changes)), code, facts as never)
  })

  test('error: a payee without an account, one who used up its preferences, one signed by another', () => {
    const nobody = keyOf(40)
    const ledger = known()
    const facts = { payee: addressOfKey(nobody) }
    expectUnchanged(ledger, () => add(ledger, wish(0n, {}, nobody)), 'UNKNOWN_PAYEE', facts)
    const forged = { ...wish(0n), signature: wish(0n, {}, bobKey).signature }
    expectUnchanged(ledger, () => add(ledger, forged), 'BAD_SIGNATURE', { payee: alice })
    for (let number = 0n; number < 100n; number++) add(ledger, wish(number))
    expectUnchanged(ledger, () => add(ledger, wish(100n)), 'PREFERENCE_LIMIT', { max: '100' })
  })

  test('behavior: where the target may no longer be paid, the payee is', () => {
    const ledger = createLedger(configuration({ ...byTwo, payeesOpen: true }))
    sendNext(ledger, give(alice, 1n))
    add(ledger, wish(0n, { redirect: bob }))
    const only = { payee: alice, rail: 0, minimumWei: 0n }
    add(ledger, change(ledger, { payeesOpen: false, payees: [only] }))
    sendNext(ledger, give(alice, 5n))
    expect([balance(ledger, alice), balance(ledger, bob)]).toEqual([
      [6n, 0n],
      [0n, 0n],
    ])
  })
})

const signerKeys = [keyOf(20), keyOf(21), keyOf(22)].sort((a, b) => (addressOfKey(a) < addressOfKey(b) ? -1 : 1))
const byTwo = { signers: signerKeys.map(addressOfKey), threshold: 2 }

function change(ledger: Ledger, changes: Partial<Configuration>, keys = signerKeys.slice(0, 2)): SignedConfiguration {
  const { configuration: before, hash } = ledger.rules
  const next = { ...before, version: before.version + 1n, previous: hash, ...changes }
  return { configuration: next, signatures: keys.map((key) => signHash(digest(domain, 'Configuration', next), key)) }
}

describe('configurations', () => {
  const begun = () => createLedger(configuration(byTwo))

  test('behavior: a reporter that has begun more accounts than it now may begins no other, and goes on with those there are', () => {
    const ledger = begun()
    sendNext(ledger, give(alice, 1n), give(bob, 1n))
    add(ledger, change(ledger, { reporters: [reporterRule({ accountsMax: 1n })] }))
    expect(sendNext(ledger, give(alice, 2n), take(bob, 1n))).toMatchObject({ status: 'accepted' })
    expect(balance(ledger, alice)).toEqual([3n, 0n])
    const more = () => sendNext(ledger, give(alice, 1n), give(carol, 1n))
    expectUnchanged(ledger, more, 'ACCOUNT_LIMIT', { event: 1, max: '1' })
  })

  test('behavior: the threshold changes it, at its place in the log', () => {
    const ledger = begun()
    const next = change(ledger, { minimumWei: 77n })
    expect(add(ledger, next)).toEqual({ status: 'accepted', position: 1, odd: [], gains: new Map() })
    expect(ledger.rules.configuration).toEqual(next.configuration)
    expect(ledger.log.size).toBe(2)
    add(ledger, change(ledger, { minimumWei: 78n }, signerKeys.slice(1)))
    expect(ledger.rules.configuration.version).toBe(3n)
  })

  test.each<[string, (keys: Uint8Array[]) => Uint8Array[]]>([
    ['too few', ([a]) => [a as Uint8Array]],
    ['too many', (keys) => keys],
    ['one twice', ([a]) => [a, a] as Uint8Array[]],
    ['out of order', ([a, b]) => [b, a] as Uint8Array[]],
    ['a stranger', ([a]) => [a as Uint8Array, keyOf(66)]],
    ['none', () => []],
  ])('row 9: signatures: %s', (_, choose) => {
    const ledger = begun()
    const keys = choose(signerKeys)
    const next = change(ledger, { minimumWei: 1n }, keys)
    expectUnchanged(ledger, () => add(ledger, next), 'WRONG_SIGNERS', { expected: 2, got: keys.length })
  })

  test('row 9: without signers a configuration never changes', () => {
    const ledger = createLedger(configuration())
    expectUnchanged(ledger, () => add(ledger, change(ledger, {}, [])), 'WRONG_SIGNERS', { expected: 0, got: 0 })
  })

  test('row 31: reporters that were ever listed are known for ever, so there is an end of them', () => {
    const ledger = begun()
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => reporterRule({ reporter: payeeOf(10_000 + from + i) }))
    const known = () => ledger.reporters.size
    for (let from = 0; known() + 250 <= reportersEverMax; from += 250)
      add(ledger, change(ledger, { reporters: some(from, 250) }))
    const left = reportersEverMax - known()
    const fault = 'with those that were ever listed there are too many reporters'
    const oneMore = change(ledger, { reporters: some(5_000, left + 1) })
    expectUnchanged(ledger, () => add(ledger, oneMore), 'BAD_CONFIGURATION', { fault })
    add(ledger, change(ledger, { reporters: some(5_000, left) }))
    expect(known()).toBe(reportersEverMax)
    add(ledger, change(ledger, { reporters: some(0, 250) }))
  })

  test('row 9: a change that was signed cannot be replayed, nor one for another history be used', () => {
    const ledger = begun()
    const first = change(ledger, { minimumWei: 1n })
    const rival = change(ledger, { minimumWei: 2n })
    add(ledger, first)
    for (const stale of [first, rival])
      expectUnchanged(ledger, () => add(ledger, stale), 'WRONG_VERSION', { expected: '3', got: '2' })
    const skipping = change(ledger, { version: 4n })
    expectUnchanged(ledger, () => add(ledger, skipping), 'WRONG_VERSION', { expected: '3', got: '4' })
    const fault = 'previous is not the hash of the configuration in force'
    const foreign = change(ledger, { previous: zeroHash })
    expectUnchanged(ledger, () => add(ledger, foreign), 'BAD_CONFIGURATION', { fault })
  })

  test.each<[string, Partial<Configuration>]>([
    ['chain_id never changes', { chainId: 1n }],
    ['verifying_contract never changes', { verifyingContract: payeeOf(9) }],
    ['broker never changes', { broker: payeeOf(9) }],
    ['kms_keys change only with the key of the core', { kmsKeys: ['0x01'] }],
    ['verifying_contract never changes', { verifyingContract: zeroAddress }],
    ['threshold is above the number of signers', { threshold: 4 }],
  ])('row 9: %s', (fault, changes) => {
    const ledger = begun()
    expectUnchanged(ledger, () => add(ledger, change(ledger, changes)), 'BAD_CONFIGURATION', { fault })
  })

  test('row 9: the configuration of a new key needs no signers and may change them and the KMS keys, nothing else', () => {
    const ledger = begun()
    const { configuration: before, hash } = ledger.rules
    const next = { ...before, version: before.version + 1n, previous: hash, kmsKeys: ['0x01' as const], signers: [] }
    const fault = 'threshold is above the number of signers'
    const comes = (changes: Partial<Configuration>) => () =>
      applyEntry(ledger, fromSealed({ configuration: { ...next, ...changes }, signatures: [] }))
    expectUnchanged(ledger, comes({}), 'BAD_CONFIGURATION', { fault })
    expectUnchanged(ledger, comes({ threshold: 0, broker: payeeOf(9) }), 'BAD_CONFIGURATION', {
      fault: 'broker never changes',
    })
    expect(comes({ threshold: 0 })()).toMatchObject({ status: 'accepted' })
    expect(ledger.rules.configuration.kmsKeys).toEqual(['0x01'])
  })

  test('behavior: signers change by the signers before them', () => {
    const ledger = begun()
    const heir = keyOf(30)
    add(ledger, change(ledger, { signers: [addressOfKey(heir)], threshold: 1 }))
    expectUnchanged(ledger, () => add(ledger, change(ledger, {})), 'WRONG_SIGNERS', { expected: 1, got: 2 })
    add(ledger, change(ledger, { minimumWei: 4n }, [heir]))
  })

  test('row 17: a reporter that is removed and listed again goes on with its sequence and its spent budget', () => {
    const ledger = begun()
    const past = signed(0n, [give(alice, 10n)])
    send(ledger, past)
    add(ledger, change(ledger, { reporters: [] }))
    expectUnchanged(ledger, () => send(ledger, signed(1n, [])), 'REPORTER_CLOSED', { reporter })
    expect(send(ledger, past)).toEqual({ status: 'already_accepted', position: 1 })
    add(ledger, change(ledger, { reporters: [reporterRule({ budgetWei: 15n })] }))
    send(ledger, signed(1n, []))
    expectUnchanged(ledger, () => send(ledger, past), 'SEQUENCE_REPEAT', { expected: '2', got: '0' })
    const more = signed(2n, [give(alice, 6n)])
    expectUnchanged(ledger, () => send(ledger, more), 'BUDGET_EXCEEDED', { left: '5', got: '6' })
  })

  test('behavior: a budget below what was spent leaves nothing', () => {
    const ledger = begun()
    sendNext(ledger, give(alice, 10n))
    add(ledger, change(ledger, { reporters: [reporterRule({ budgetWei: 3n })] }))
    expectUnchanged(ledger, () => sendNext(ledger, give(alice, 1n)), 'BUDGET_EXCEEDED', { left: '0', got: '1' })
    expectUnchanged(ledger, () => sendNext(ledger), 'BUDGET_EXCEEDED', { left: '0', got: '0' })
  })

  const start = sessionStart({ id: 's', payee: alice, tariff: 'stream-hour', atMs: 0 })
  const beat = sessionHeartbeat({ id: 's', atMs: 10_000 })
  test.each<[string, Partial<Configuration>, string]>([
    ['whose tariff is gone', { tariffs: [], reporters: [reporterRule({ tariffs: [] })] }, 'TARIFF_GONE'],
    ['whose tariff is not the reporter’s any more', { reporters: [reporterRule({ tariffs: [] })] }, 'TARIFF_GONE'],
    [
      'whose tariff is now of units',
      { tariffs: configuration().tariffs.map((t) => ({ ...t, unitMs: 0n })) },
      'TARIFF_GONE',
    ],
    ['whose payee is not allowed any more', { payeesOpen: false }, 'PAYEE_GONE'],
  ])('behavior: a session %s ends as odd, and does not hold up its reporter', (_, changes, reason) => {
    const ledger = begun()
    sendNext(ledger, start)
    add(ledger, change(ledger, changes))
    expect(sendNext(ledger, beat)).toMatchObject({ odd: [{ index: 0, reason }] })
    expect(sendNext(ledger, beat)).toMatchObject({ odd: [{ index: 0, reason: 'SESSION_NOT_OPEN' }] })
    expect(balance(ledger, alice)).toEqual([0n, 0n])
  })

  test('behavior: a tariff that changed is the one that counts from then on', () => {
    const ledger = begun()
    const job = workload({ id: 'j', payee: alice, tariff: 'gpu-second', units: 10n })
    sendNext(ledger, job)
    const tariffs = configuration().tariffs.map((t) =>
      t.name === nameToBytes32('gpu-second') ? { ...t, weiPerUnit: 11n } : t,
    )
    add(ledger, change(ledger, { tariffs }))
    sendNext(ledger, job)
    expect(balance(ledger, alice)).toEqual([180n, 0n])
  })

  test('behavior: leaves of different kinds never meet', () => {
    const ledger = known()
    const leaves = [wish(0n), signed(1n, []), { configuration: ledger.rules.configuration, signatures: [] }].map(
      (entry) => Buffer.from(entryLeaf(entry as Entry).subarray(0, 32)).toString('hex'),
    )
    expect(new Set(leaves).size).toBe(3)
  })
})
