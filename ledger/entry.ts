/** The entries of the log: how one is read off the wire, authenticated, and written down. */
import type { Rules } from './config.ts'
import { leafHash } from './eventLog.ts'
import { concat, type Hex } from './hex.ts'
import { refuse } from './refusal.ts'
import { recoverAddress } from './signature.ts'
import type { Batch, Configuration, Preference } from './structs.ts'
import { abiEncode, type Domain, digest, typeHash } from './typedData.ts'

/** A batch as it is sent. Chain and contract are named so that a stray one can be told what it is, not only that it does not fit. */
export interface SignedBatch extends Domain {
  readonly batch: Batch
  /** EIP-712 signature by `batch.reporter`, 64 bytes (EIP-2098). */
  readonly signature: Hex
}

export interface SignedPreference extends Domain {
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

/** An entry whose signatures were checked, here or before it was sealed. Made only by the two functions below. */
export type Authentic<E extends Entry = Entry> = E & { readonly leafHash: Uint8Array; readonly [authentic]: true }

/** Bytes of an entry in the log: the EIP-712 type hash, then the ABI encoding of what was signed and the signatures. */
export function entryLeaf(entry: Entry): Uint8Array {
  if ('batch' in entry) return concat(typeHash('Batch'), abiEncode(['Batch', 'bytes'], [entry.batch, entry.signature]))
  if ('preference' in entry)
    return concat(typeHash('Preference'), abiEncode(['Preference', 'bytes'], [entry.preference, entry.signature]))
  const { configuration, signatures } = entry
  return concat(typeHash('Configuration'), abiEncode(['Configuration', 'bytes[]'], [configuration, signatures]))
}

/** @throws Refusal `WRONG_CHAIN`, `WRONG_CONTRACT`, `BAD_SIGNATURE`, `WRONG_SIGNERS` */
export function authenticate<E extends Entry>(rules: Rules, untrusted: E): Authentic<E> {
  if ('configuration' in untrusted) checkSigners(rules, untrusted)
  else checkSigner(rules.domain, untrusted)
  return fromSealed(untrusted)
}

/** Whether this is the configuration of a key that was born for a log that others began. */
export const bringsNewKey = (entry: Entry): boolean => 'configuration' in entry && entry.signatures.length === 0

/**
 * Takes an entry as authentic because something other than its signatures says so: a record that this core sealed after
 * checking it, or an anchored root that covers it.
 */
export const fromSealed = <E extends Entry>(entry: E): Authentic<E> =>
  ({ ...entry, leafHash: leafHash(entryLeaf(entry)) }) as Authentic<E>

function checkSigner(domain: Domain, untrusted: SignedBatch | SignedPreference): void {
  if (untrusted.chainId !== domain.chainId)
    refuse('WRONG_CHAIN', 'this is for another chain', { expected: `${domain.chainId}`, got: `${untrusted.chainId}` })
  if (untrusted.verifyingContract !== domain.verifyingContract)
    refuse('WRONG_CONTRACT', 'this is for another contract', {
      expected: domain.verifyingContract,
      got: untrusted.verifyingContract,
    })
  const [who, hash] =
    'batch' in untrusted
      ? [{ reporter: untrusted.batch.reporter }, digest(domain, 'Batch', untrusted.batch)]
      : [{ payee: untrusted.preference.payee }, digest(domain, 'Preference', untrusted.preference)]
  const [signer] = Object.values(who)
  if (recoverAddress(hash, untrusted.signature) !== signer)
    refuse('BAD_SIGNATURE', 'this is not signed by whom it names, for this chain and contract', who)
}

/** Exactly the threshold, ascending: nobody counts twice, and one set of signers has one form. */
function checkSigners(
  { domain, configuration: inForce }: Rules,
  { configuration, signatures }: SignedConfiguration,
): void {
  const { signers, threshold } = inForce
  const hash = digest(domain, 'Configuration', configuration)
  const who = signatures.map((signature) => recoverAddress(hash, signature))
  const areSigners = who.every((signer) => signer !== undefined && signers.includes(signer))
  const areAscending = who.every((signer, i) => i === 0 || (who[i - 1] as Hex) < (signer as Hex))
  if (threshold === 0 || signatures.length !== threshold || !areSigners || !areAscending)
    refuse('WRONG_SIGNERS', 'a change needs exactly the threshold of the signers in force, by ascending address', {
      expected: threshold,
      got: signatures.length,
    })
}
