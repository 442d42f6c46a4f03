/** What the key signs, held against independent code: viem. */

import fc from 'fast-check'
import {
  encodeFunctionData,
  encodePacked,
  hashTypedData,
  keccak256,
  parseCompactSignature,
  parseTransaction,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  serializeSignature,
  serializeTransaction,
  toRlp,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { verifyAttestation } from '../../../attestation/verify.ts'
import { workload } from '../../../client/events.ts'
import { createSigner } from '../../../enclave/signer.ts'
import { senderNonce, ticketHash } from '../../../enclave/tickets.ts'
import { rlp } from '../../../enclave/transactions.ts'
import { type Hex, toHex } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { rootOf } from '../../../ledger/state.ts'
import { structs } from '../../../ledger/structs.ts'
import { digest } from '../../../ledger/typedData.ts'
import { configuration, domain, keyOf, payeeOf, signed } from '../ledger/support.ts'
import { apply, call, expectRefused, firstHead, hints, host, open, prepare, round, ticketPayee } from './support.ts'

const viemDomain = {
  name: 'Bursar',
  version: '1',
  chainId: Number(domain.chainId),
  verifyingContract: domain.verifyingContract,
}
const types = Object.fromEntries(
  Object.entries(structs).map(([name, fields]) => [name, fields.map(([field, type]) => ({ name: field, type }))]),
)
const work = (payee: Hex, units: bigint) => workload({ id: 'job', payee, tariff: 'gpu-second', units })

function earning() {
  const hosted = host()
  open(hosted)
  apply(hosted, signed(0n, [work(payeeOf(1), 100n), work(ticketPayee, 50n), work(payeeOf(2), 1n)]))
  return { hosted, head: firstHead(1n, hosted.core.boot) }
}

const split = (signature: Hex) => ({ r: signature.slice(0, 66) as Hex, vs: `0x${signature.slice(66)}` as Hex })
const full = (r: Hex, vs: Hex) => {
  const { r: r1, yParityAndS } = parseCompactSignature(`0x${r.slice(2)}${vs.slice(2)}`)
  const s = BigInt(yParityAndS) & (2n ** 255n - 1n)
  return serializeSignature({ r: r1, s: toHex(word(s)), yParity: Number(BigInt(yParityAndS) >> 255n) })
}
const word = (n: bigint) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex')

test('behavior: tickets come first, direct payments after, each a cumulative total', () => {
  const { hosted, head } = earning()
  const { commit } = prepare(hosted, head, [
    { payee: payeeOf(1), total: 700n, paid: 0n },
    { payee: ticketPayee, total: 350n, paid: 100n },
    { payee: payeeOf(2), total: 7n, paid: 0n },
  ])
  const packed = (payee: Hex, total: bigint) => encodePacked(['address', 'uint96'], [payee, total])
  expect(commit.payments).toEqual([packed(ticketPayee, 350n), packed(payeeOf(1), 700n), packed(payeeOf(2), 7n)])
  expect(commit.ticketSigs).toHaveLength(2)
})

test('row 20: who is owed less than the minimum is left out, whatever part of it the host would pay', () => {
  const payees = [{ payee: payeeOf(1), rail: 0, minimumWei: 300n }]
  const hosted = host({ payees, minimumWei: 7n })
  open(hosted)
  apply(hosted, signed(0n, [work(payeeOf(1), 100n), work(payeeOf(2), 1n)]))
  const pay = (paid: bigint, total: bigint) =>
    prepare(hosted, firstHead(1n, hosted.core.boot), [
      { payee: payeeOf(1), total, paid },
      { payee: payeeOf(2), total: 7n, paid: 0n },
    ])
  expect(pay(401n, 700n).leftOut).toEqual([payeeOf(1)])
  expect(pay(400n, 700n).leftOut).toEqual([])
  expect(pay(400n, 500n).leftOut).toEqual([]) // a treasury that is short pays what it can
  expect(pay(0n, 700n).commit.payments).toHaveLength(2)
})

test('behavior: a ticket is signed as the broker wants it, for what is still to pay', async () => {
  const { hosted, head } = earning()
  const { commit } = prepare(hosted, head, [{ payee: ticketPayee, total: 350n, paid: 100n }])
  const auxData = encodePacked(['uint256', 'bytes32'], [round.number, round.blockHash])
  const hash = keccak256(
    encodePacked(
      ['address', 'address', 'uint256', 'uint256', 'uint256', 'bytes32', 'bytes'],
      [
        ticketPayee,
        hosted.address,
        250n,
        2n ** 256n - 1n,
        (1n << 128n) | (1n << 64n),
        keccak256(encodePacked(['uint256'], [0n])),
        auxData,
      ],
    ),
  )
  const [r, vs] = commit.ticketSigs as [Hex, Hex]
  expect(await recoverMessageAddress({ message: { raw: hash }, signature: full(r, vs) })).toMatch(
    new RegExp(hosted.address, 'i'),
  )
})

test('G2: no two tickets of a committer share a nonce', () => {
  const ticket = {
    recipient: payeeOf(1),
    sender: payeeOf(2),
    faceValueWei: 1n,
    round: 1n,
    roundBlockHash: round.blockHash,
  }
  const places = [0n, 1n, 2n ** 64n - 1n].flatMap((epoch) =>
    [0n, 1n, 2n ** 64n - 1n].flatMap((counter) => [0, 1, 499].map((index) => ({ epoch, counter, index }))),
  )
  const hashes = places.map((place) => toHex(ticketHash({ ...ticket, senderNonce: senderNonce(place) })))
  expect(new Set(hashes).size).toBe(places.length)
})

test('behavior: the commit is signed over EIP-712, its id is the digest, its transaction calls the contract', async () => {
  const { hosted, head } = earning()
  const payments = [{ payee: payeeOf(1), total: 700n, paid: 0n }]
  const { commit, signature, payoutId, transaction } = prepare(hosted, head, payments)
  const typed = { domain: viemDomain, types, primaryType: 'Commit', message: commit as never }
  expect(payoutId).toBe(hashTypedData(typed))
  const { r, vs } = split(signature)
  expect((await recoverTypedDataAddress({ ...typed, signature: full(r, vs) })).toLowerCase()).toBe(hosted.address)
  expect(parseTransaction(transaction)).toMatchObject({
    type: 'eip1559',
    chainId: 31337,
    to: domain.verifyingContract,
    gas: hints.gas,
    maxFeePerGas: hints.maxFeePerGas,
    data: encodeFunctionData({ abi: treasuryAbi, functionName: 'commit', args: [commit, r, vs] as never }),
  })
  const from = await recoverTransactionAddress({ serializedTransaction: transaction as `0x02${string}` })
  expect(from.toLowerCase()).toBe(hosted.address)
})

test('behavior: the open is signed over EIP-712 and its transaction calls the contract', async () => {
  const hosted = host()
  const { open: message, signature, transaction } = open(hosted)
  const { r, vs } = split(signature)
  const typed = { domain: viemDomain, types, primaryType: 'Open', message: message as never }
  expect((await recoverTypedDataAddress({ ...typed, signature: full(r, vs) })).toLowerCase()).toBe(hosted.address)
  const data = encodeFunctionData({ abi: treasuryAbi, functionName: 'open', args: [message, r, vs] as never })
  expect(parseTransaction(transaction).data).toBe(data)
})

test('behavior: a receipt is signed over EIP-712', async () => {
  const { hosted } = earning()
  const { head } = apply(hosted, signed(1n, []))
  if (!head) throw new Error('no head')
  const { signature, ...message } = head
  const { r, vs } = split(signature)
  const typed = { domain: viemDomain, types, primaryType: 'LogHead', message }
  expect((await recoverTypedDataAddress({ ...typed, signature: full(r, vs) })).toLowerCase()).toBe(hosted.address)
})

test('behavior: signatures are deterministic, low-s, and recover to the signer as viem says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (hash) => {
      const signature = signHash(hash, keyOf(4))
      expect(signHash(hash, keyOf(4))).toBe(signature)
      const theirs = await privateKeyToAccount(toHex(keyOf(4))).sign({ hash: toHex(hash) })
      const { r, vs } = split(signature)
      expect(full(r, vs)).toBe(theirs)
      expect(await recoverAddress({ hash: toHex(hash), signature: theirs })).toBe(
        privateKeyToAccount(toHex(keyOf(4))).address,
      )
    }),
    { numRuns: 20 },
  )
})

test('behavior: transactions are byte for byte what viem serializes', async () => {
  const account = privateKeyToAccount(toHex(keyOf(5)))
  const signer = createSigner(keyOf(5), domain)
  const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  await fc.assert(
    fc.asyncProperty(
      number,
      number,
      number,
      fc.uint8Array({ maxLength: 70_000, size: 'max' }),
      async (nonce, gas, fee, data) => {
        const smallNonce = nonce % 2n ** 50n
        const transaction = {
          nonce: smallNonce,
          gas,
          maxFeePerGas: fee,
          maxPriorityFeePerGas: fee / 2n,
          data: toHex(data),
        }
        const theirs = await account.signTransaction(
          {
            type: 'eip1559',
            chainId: 31337,
            to: domain.verifyingContract,
            nonce: Number(smallNonce),
            gas,
            maxFeePerGas: fee,
            maxPriorityFeePerGas: fee / 2n,
            data: toHex(data),
          },
          { serializer: serializeTransaction },
        )
        expect(signer.signTransaction(transaction)).toBe(theirs)
      },
    ),
    { numRuns: 30 },
  )
})

test('behavior: lengths by RLP are as viem writes them, on both sides of every border', () => {
  for (const byte of [0, 1, 0x7f, 0x80, 0xff])
    expect(toHex(rlp(Uint8Array.of(byte)))).toBe(toRlp(toHex(Uint8Array.of(byte))))
  for (const length of [0, 1, 2, 55, 56, 57, 255, 256, 65_535, 65_536]) {
    const bytes = new Uint8Array(length).fill(0xab)
    expect(toHex(rlp(bytes))).toBe(toRlp(toHex(bytes)))
    expect(toHex(rlp([bytes, [bytes]]))).toBe(toRlp([toHex(bytes), [toHex(bytes)]]))
  }
})

test('behavior: a payee with nothing left to pay is left out, and said so', () => {
  const { hosted, head } = earning()
  const { leftOut, commit } = prepare(hosted, head, [
    { payee: payeeOf(1), total: 700n, paid: 800n },
    { payee: payeeOf(2), total: 7n, paid: 7n },
  ])
  expect([leftOut, commit.payments]).toEqual([[payeeOf(1), payeeOf(2)], []])
})

test.each([
  ['more than was earned', { payee: payeeOf(1), total: 701n, paid: 0n }, 'TOTAL_ABOVE_EARNED', { earned: '700' }],
  ['a payee without an account', { payee: payeeOf(77), total: 1n, paid: 0n }, 'UNKNOWN_PAYEE', { payee: payeeOf(77) }],
])('error: %s', (_, payment, code, facts) => {
  const { hosted, head } = earning()
  const all = { ...facts, ...(code === 'TOTAL_ABOVE_EARNED' ? { payee: payment.payee, got: `${payment.total}` } : {}) }
  expectRefused(hosted.core, 'prepare_payouts', { head, round, payments: [payment], hints }, code, all)
})

test('error: a payee twice in one commit', () => {
  const { hosted, head } = earning()
  const payment = { payee: payeeOf(1), total: 1n, paid: 0n }
  const params = { head, round, payments: [payment, payment], hints }
  expectRefused(hosted.core, 'prepare_payouts', params, 'DUPLICATE_PAYEE', { payee: payeeOf(1) })
})

test.each(['gas', 'maxFeePerGas', 'maxPriorityFeePerGas'] as const)('row 20: %s above the cap is refused', (name) => {
  const { hosted, head } = earning()
  const { feeCaps } = configuration()
  prepare(hosted, head)
  call(hosted.core, 'prepare_payouts', { head, round, payments: [], hints: { ...hints, ...feeCaps } }) // the caps themselves
  const lie = { ...hints, [name]: 2n ** 60n }
  const facts = expect.objectContaining({ name, got: `${2n ** 60n}` })
  expectRefused(
    hosted.core,
    'prepare_payouts',
    { head, round, payments: [], hints: lie },
    'FEE_ABOVE_CAP',
    facts as never,
  )
  expectRefused(hosted.core, 'open_epoch', { head, hints: lie }, 'FEE_ABOVE_CAP')
  const { commit, signature } = prepare(hosted, head)
  const again = { open: null, commit, signature, hints: lie }
  expectRefused(hosted.core, 'sign_transaction', again, 'FEE_ABOVE_CAP')
})

test('G5: the same calldata in another transaction, with other hints', () => {
  const { hosted, head } = earning()
  const first = prepare(hosted, head)
  const { transaction } = call(hosted.core, 'sign_transaction', {
    open: null,
    commit: first.commit,
    signature: first.signature,
    hints: { ...hints, nonce: 9n, maxFeePerGas: 2n * hints.maxFeePerGas },
  })
  const [a, b] = [first.transaction, transaction].map((raw) => parseTransaction(raw))
  expect(b?.data).toBe(a?.data)
  expect([b?.nonce, b?.maxFeePerGas]).toEqual([9, 2n * hints.maxFeePerGas])
  const opened = open(hosted, head)
  const around = { open: opened.open, commit: null, signature: opened.signature, hints }
  expect(parseTransaction(call(hosted.core, 'sign_transaction', around).transaction).data).toBe(
    parseTransaction(opened.transaction).data,
  )
})

test('error: a transaction around what this core did not sign', () => {
  const { hosted, head } = earning()
  const { commit, signature } = prepare(hosted, head)
  const altered = { open: null, commit: { ...commit, epoch: 5n }, signature, hints }
  expectRefused(hosted.core, 'sign_transaction', altered, 'NOT_OWN_SIGNATURE')
  const forged = signHash(digest(domain, 'Commit', commit), keyOf(3))
  expectRefused(hosted.core, 'sign_transaction', { open: null, commit, signature: forged, hints }, 'NOT_OWN_SIGNATURE')
  expectRefused(hosted.core, 'sign_transaction', { open: null, commit: null, signature, hints }, 'BAD_PARAMS')
})

test('behavior: attestation binds purpose, address, configuration, epoch, head and boot at fixed places', () => {
  const { hosted, head } = earning()
  const made = prepare(hosted, head)
  call(hosted.core, 'confirm_payout', { commit: made.commit, signature: made.signature })
  const status = call(hosted.core, 'status', {})
  expect([status.counter, status.ledgerRoot]).toEqual([1n, rootOf(made.commit.next)])
  const { root } = hosted.platform.trust
  const [plain, asked] = ([null, '0x0102'] as const).map((nonce) => {
    const { documentB64 } = call(hosted.core, 'attestation', { nonce })
    return verifyAttestation(documentB64, { root, at: 'document' }).document
  })
  expect([plain?.nonce, asked?.nonce && toHex(asked.nonce)]).toEqual([null, '0x0102'])
  const { userData } = plain ?? {}
  expect(asked?.userData).toEqual(userData)
  expect(toHex(userData as Uint8Array)).toBe(
    encodePacked(
      ['bytes8', 'uint256', 'bytes32', 'uint256', 'uint256', 'bytes32', 'bytes32'],
      [
        '0x7374617465000000',
        BigInt(hosted.address),
        status.configHash as Hex,
        status.epoch,
        1n,
        status.anchored.root,
        status.boot,
      ],
    ),
  )
})
