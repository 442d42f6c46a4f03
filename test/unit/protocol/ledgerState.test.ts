import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { credit, sessionStart, workload } from '../../../client/events.ts'
import { signPreference } from '../../../client/preference.ts'
import { authenticate } from '../../../ledger/entry.ts'
import { zeroAddress } from '../../../ledger/hex.ts'
import { InvariantBroken } from '../../../ledger/invariant.ts'
import { createLedger, type Ledger } from '../../../ledger/state.ts'
import { applyEntry } from '../../../ledger/transition.ts'
import { decodeLedger, encodeLedger, fromJson, toJson } from '../../../protocol/ledgerState.ts'
import { configuration, domain, keyOf, payeeOf, sendNext, snapshot } from '../ledger/support.ts'

const payeeKey = keyOf(51)
const payee = addressOfKey(payeeKey)

/** With a debt, a preference and a session that is open. */
function busyLedger(): Ledger {
  const ledger = createLedger(configuration())
  const take = { ...credit({ id: 'x', payee: payeeOf(4), wei: 9n * 10n ** 19n }), kind: 5 }
  sendNext(ledger, workload({ id: 'job', payee, tariff: 'gpu-second', units: 5n }), take)
  sendNext(ledger, sessionStart({ id: 's', payee: payeeOf(2), tariff: 'stream-hour', atMs: 1000 }))
  const preference = signPreference({
    domain,
    secretKey: payeeKey,
    number: 0n,
    rail: 1,
    minimumWei: 3n,
    redirect: zeroAddress,
  })
  applyEntry(ledger, authenticate(ledger.rules, preference))
  return ledger
}

test('default: a ledger read again is the same in everything, and goes on the same', () => {
  const ledger = busyLedger()
  const copy = decodeLedger(encodeLedger(ledger))
  expect(snapshot(copy)).toEqual(snapshot(ledger))
  expect(copy.rules).toEqual(ledger.rules)
  for (const one of [ledger, copy])
    sendNext(one, credit({ id: 'y', payee: payeeOf(4), wei: 10n ** 19n }), credit({ id: 'z', payee, wei: 1n }))
  expect(snapshot(copy)).toEqual(snapshot(ledger))
})

test('behavior: the ledger of nobody is a head alone', () => {
  const ledger = createLedger(configuration())
  expect(encodeLedger(ledger)).toHaveLength(1)
  expect(snapshot(decodeLedger(encodeLedger(ledger)))).toEqual(snapshot(ledger))
})

const damages: [string, (head: Record<string, unknown>, rest: Uint8Array[]) => Uint8Array[]][] = [
  ['balances that do not add up', (head, rest) => [toJson({ ...head, total_earned_wei: '36' }), ...rest]],
  [
    'a balance is missing',
    (head, [accounts, ...rest]) => [toJson(head), accounts?.subarray(44) as Uint8Array, ...rest],
  ],
  [
    'a preference of nobody',
    (head, [, ...rest]) => [toJson({ ...head, total_earned_wei: '0', account_chunks: 0 }), ...rest],
  ],
  ['a session of nobody', (head, rest) => [toJson({ ...head, reporters: [], configuration: alone(head) }), ...rest]],
]
const alone = ({ configuration: all }: Record<string, unknown>) => ({ ...(all as object), reporters: [] })

test.each(damages)('error: %s', (_, damage) => {
  const [first, ...rest] = encodeLedger(busyLedger())
  const head = fromJson(first as Uint8Array) as Record<string, unknown>
  expect(() => decodeLedger(damage(head, rest))).toThrow(InvariantBroken)
})
