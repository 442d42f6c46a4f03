/** Entries as they come in: JSON, which names chain and contract, or a batch as its bytes in the log. */
import type { IncomingMessage } from 'node:http'
import { signedBatch, signedPreference } from '../client/entries.ts'
import { decodeEntry, type Entry, entryLeaf, type SignedBatch, type SignedPreference } from '../ledger/entry.ts'
import { refuse } from '../ledger/refusal.ts'
import type { Domain } from '../ledger/typedData.ts'
import type { Codec } from '../protocol/codec.ts'
import { Problem } from './problem.ts'
import { isBinary, readBytes, readJson } from './readBody.ts'

/** An entry that nobody has judged yet, and its bytes in the log. */
export interface Incoming<E extends Entry = Entry> {
  readonly signed: E
  readonly leaf: Uint8Array
}

const batchBytesMax = 1024 * 1024
const preferenceBytesMax = 4 * 1024

export const incoming = <E extends Entry>(signed: E): Incoming<E> => ({ signed, leaf: entryLeaf(signed) })

/** @throws Problem of the body, and `WRONG_CHAIN`, `WRONG_CONTRACT`; Refusal `BAD_PARAMS` */
export async function readBatch(request: IncomingMessage, domain: Domain): Promise<Incoming<SignedBatch>> {
  if (!isBinary(request)) return readAddressed(request, signedBatch, domain, batchBytesMax)
  const leaf = await readBytes(request, batchBytesMax)
  return { signed: batchOf(leaf), leaf }
}

/** @throws Problem of the body, and `WRONG_CHAIN`, `WRONG_CONTRACT`; Refusal `BAD_PARAMS` */
export const readPreference = (request: IncomingMessage, domain: Domain): Promise<Incoming<SignedPreference>> =>
  readAddressed(request, signedPreference, domain, preferenceBytesMax)

function batchOf(leaf: Uint8Array): SignedBatch {
  try {
    const entry = decodeEntry(leaf)
    if ('batch' in entry) return entry
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const expected = 'the bytes of a batch as the log holds it'
  return refuse('BAD_PARAMS', `the body: expected ${expected}`, { path: '', expected })
}

async function readAddressed<E extends Entry & Domain>(
  request: IncomingMessage,
  codec: Codec<E>,
  { chainId, verifyingContract }: Domain,
  bytesMax: number,
): Promise<Incoming<E>> {
  const sent = codec.read(await readJson(request, bytesMax), '')
  if (sent.chainId !== chainId)
    throw new Problem('WRONG_CHAIN', 'this is for another chain', { expected: `${chainId}`, got: `${sent.chainId}` })
  if (sent.verifyingContract !== verifyingContract)
    throw new Problem('WRONG_CONTRACT', 'this is for another contract', {
      expected: verifyingContract,
      got: sent.verifyingContract,
    })
  return incoming(sent)
}
