/** The entries of the log: how one is read off the wire, authenticated, and written down. */
import type { Rules } from './config.ts'
import { leafHash } from './eventLog.ts'
import { concat, type Hex, toHex } from './hex.ts'
import { refuse } from './refusal.ts'
import { recoverAddress } from './signature.ts'
import type { Batch, Configuration, Preference } from './structs.ts'
import { abiDecode, abiEncode, digestOf, hashFirst, typeHash } from './typedData.ts'

export interface SignedBatch {
  readonly batch: Batch
  /** EIP-712 signature by `batch.reporter` for the domain of the ledger, 64 bytes (EIP-2098). */
  readonly signature: Hex
}

export interface SignedPreference {
  readonly preference: Preference
  /** By `preference.payee`. */
  readonly signature: Hex
}

export interface SignedConfiguration {
  readonly configuration: Configuration
  /**
   * By exactly the threshold of the signers in force, in the order of their addresses. None on a log's first, and on one
   * that came with a new key of the core: that the contract admitted its hash is what makes it count.
   */
  readonly signatures: readonly Hex[]
}

export type Entry = SignedBatch | SignedPreference | SignedConfiguration

declare const authentic: unique symbol

/** An entry whose signatures were checked, here or before it was sealed, with its bytes in the log. Made only by the two functions below. */
export type Authentic<E extends Entry = Entry> = E & {
  readonly leaf: Uint8Array
  readonly leafHash: Uint8Array
  readonly [authentic]: true
}

/** What an entry's bytes hold, by its EIP-712 type. */
const forms = {
  Batch: ['Batch', 'bytes'],
  Preference: ['Preference', 'bytes'],
  Configuration: ['Configuration', 'bytes[]'],
} as const

type Form = keyof typeof forms
const formOf = new Map((Object.keys(forms) as Form[]).map((form) => [toHex(typeHash(form)), form]))

/** Bytes of an entry in the log: the EIP-712 type hash, then the ABI encoding of what was signed and the signatures. @throws RangeError */
export function entryLeaf(entry: Entry): Uint8Array {
  if ('batch' in entry) return leafOf('Batch', entry.batch, entry.signature)
  if ('preference' in entry) return leafOf('Preference', entry.preference, entry.signature)
  return leafOf('Configuration', entry.configuration, entry.signatures)
}

const leafOf = (form: Form, ...values: readonly unknown[]): Uint8Array =>
  concat(typeHash(form), abiEncode(forms[form], values))

/** The entry of which these are the bytes. @throws RangeError: they are of none */
export function decodeEntry(leaf: Uint8Array): Entry {
  const form = formOf.get(toHex(leaf.subarray(0, 32)))
  if (!form) throw new RangeError('an entry of no known kind')
  const [signed, signatures] = abiDecode(forms[form], leaf.subarray(32)) as [never, never]
  if (form === 'Batch') return { batch: signed, signature: signatures }
  if (form === 'Preference') return { preference: signed, signature: signatures }
  return { configuration: signed, signatures }
}

/** Takes an entry and its bytes. @throws Refusal `BAD_SIGNATURE`, `WRONG_SIGNERS` */
export function authenticate<E extends Entry>(rules: Rules, untrusted: E, leaf = entryLeaf(untrusted)): Authentic<E> {
  const hashed = (form: Form) => digestOf(rules.domain, hashFirst(forms[form], leaf.subarray(32)))
  if ('batch' in untrusted) checkSigner(hashed('Batch'), untrusted.signature, { reporter: untrusted.batch.reporter })
  else if ('preference' in untrusted)
    checkSigner(hashed('Preference'), untrusted.signature, { payee: untrusted.preference.payee })
  else checkSigners(rules, hashed('Configuration'), untrusted.signatures)
  return fromSealed(untrusted, leaf)
}

/** Whether this is the configuration of a key that was born for a log that others began. */
export const bringsNewKey = (entry: Entry): boolean => 'configuration' in entry && entry.signatures.length === 0

/**
 * Takes an entry as authentic because something other than its signatures says so: a record that this core sealed after
 * checking it, or an anchored root that covers it.
 */
export const fromSealed = <E extends Entry>(entry: E, leaf = entryLeaf(entry)): Authentic<E> =>
  ({ ...entry, leaf, leafHash: leafHash(leaf) }) as Authentic<E>

function checkSigner(
  hash: Uint8Array,
  signature: Hex,
  who: { readonly reporter: Hex } | { readonly payee: Hex },
): void {
  if (recoverAddress(hash, signature) !== Object.values(who)[0])
    refuse('BAD_SIGNATURE', 'this is not signed by whom it names, for this chain and contract', who)
}

/** Exactly the threshold, ascending: nobody counts twice, and one set of signers has one form. */
function checkSigners({ configuration }: Rules, hash: Uint8Array, signatures: readonly Hex[]): void {
  const { signers, threshold } = configuration
  const who = signatures.map((signature) => recoverAddress(hash, signature))
  const areSigners = who.every((signer) => signer !== undefined && signers.includes(signer))
  const areAscending = who.every((signer, i) => i === 0 || (who[i - 1] as Hex) < (signer as Hex))
  if (threshold === 0 || signatures.length !== threshold || !areSigners || !areAscending)
    refuse('WRONG_SIGNERS', 'a change needs exactly the threshold of the signers in force, by ascending address', {
      expected: threshold,
      got: signatures.length,
    })
}
