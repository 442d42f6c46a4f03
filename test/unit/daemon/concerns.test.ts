import { expect, test } from 'vitest'
import { type Circumstances, decideConcerns } from '../../../daemon/services/concerns.ts'
import { payeeOf } from '../ledger/support.ts'

const payee = payeeOf(1)
const signs = {
  blockNumber: 1,
  treasuryWei: 10n,
  roomWei: 10n,
  gasAccountWei: 10n ** 17n,
  silentAt: 1_000_000n,
}
const well: Circumstances = { state: 'open', signs, owedWei: 10n, nowSeconds: 0, leftOut: [], discrepancies: [] }
const difference = { code: 'X', payee: null, amountWei: 1n, detail: 'd' }

test.each<[string, Partial<Circumstances>]>([
  ['all is well', {}],
  ['the contract was not seen yet', { signs: undefined }],
  ['no commit yet', { signs: { ...signs, silentAt: undefined }, nowSeconds: 10 ** 9 }],
  ['a payee below its minimum', { leftOut: [{ payee, owedWei: 1n, reason: 'BELOW_MINIMUM' }] }],
  ['a full commit', { leftOut: [{ payee, owedWei: 1n, reason: 'COMMIT_FULL' }] }],
  [
    'what waits, or was taken by its payee',
    { discrepancies: (['pending', 'claimed', 'exited'] as const).map((kind) => ({ ...difference, kind })) },
  ],
])('default: %s', (_, change) => expect(decideConcerns({ ...well, ...change })).toEqual([]))

test.each<[string, Partial<Circumstances>]>([
  ['NOT_OPEN', { state: 'following' }],
  ['GAS_LOW', { signs: { ...signs, gasAccountWei: 2n * 10n ** 16n - 1n } }],
  ['TREASURY_SHORT', { owedWei: 11n }],
  ['WINDOW_USED', { signs: { ...signs, roomWei: 0n } }],
  ['SILENCE_SHORT', { nowSeconds: 1_000_000 - 3 * 86_400 + 1 }],
  ['TREASURY_SHORT', { leftOut: [{ payee, owedWei: 1n, reason: 'TREASURY_SHORT' }] }],
  ['X', { discrepancies: [{ ...difference, kind: 'unexplained' }] }],
])('behavior: %s', (code, change) =>
  expect(decideConcerns({ ...well, ...change })).toEqual([expect.objectContaining({ code })]),
)

test('behavior: of a payee it says who and why', () => {
  const leftOut = [{ payee, owedWei: 1n, reason: 'TICKET_FAILS', detail: 'x'.repeat(400) }] as const
  expect(decideConcerns({ ...well, leftOut })).toEqual([
    { kind: 'left_out', code: 'TICKET_FAILS', payee, detail: 'x'.repeat(300) },
  ])
})
