/** A change of the configuration in the hands of its signers: a file with the new configuration, and signatures so far. */
import { type Client, type Hex, type SignedConfiguration, signConfiguration } from '../../client/index.ts'
import { checkConfiguration, checkNextConfiguration, type Rules } from '../../ledger/config.ts'
import { Refusal } from '../../ledger/refusal.ts'
import { recoverAddress } from '../../ledger/signature.ts'
import type { Configuration } from '../../ledger/structs.ts'
import { digest } from '../../ledger/typedData.ts'
import { Fault } from '../fault.ts'

/**
 * The configuration in force, as the daemon says. It need not be believed: the hash of what it shows here is signed with
 * the change, and a core in which another one is in force refuses that.
 */
export async function fetchRules(client: Client): Promise<Rules> {
  const { configurations } = await client.configurations()
  const last = configurations.at(-1)
  if (!last)
    throw new Fault('NO_CONFIGURATION', 'the log of this daemon holds no configuration yet', {
      next: 'wait for the genesis, and try again',
      exitCode: 75,
    })
  return judged(() => checkConfiguration(last.entry.configuration))
}

/** The successor of what is in force. @throws Fault 2 with the fault of the configuration */
export function draft(inForce: Rules, wanted: Configuration): Configuration {
  const next = { ...wanted, version: inForce.configuration.version + 1n, previous: inForce.hash }
  return checkNext(inForce, next).configuration
}

/** Checks that a configuration may follow. @throws Fault 2 */
export const checkNext = (inForce: Rules, next: Configuration): Rules =>
  judged(() => checkNextConfiguration(inForce, next, { isNewKey: false }))

function judged(check: () => Rules): Rules {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const next = 'mend the file; a change that was drafted before another one came into force is drafted anew'
    throw new Fault(cause.code, cause.message, { next, exitCode: 2, cause })
  }
}

/** Who signed it. @throws Fault 2 for a signature of nobody who may sign */
export function signersOf({ configuration: inForce }: Rules, change: SignedConfiguration): readonly Hex[] {
  const { configuration, signatures } = change
  const { chainId, verifyingContract } = configuration
  const hash = digest({ chainId, verifyingContract }, 'Configuration', configuration)
  return signatures.map((signature) => {
    const signer = recoverAddress(hash, signature)
    if (signer !== undefined && inForce.signers.includes(signer)) return signer
    throw new Fault('WRONG_SIGNERS', 'a signature is not over this configuration by a signer in force', {
      next: `these may sign: ${inForce.signers.join(', ') || 'nobody'}`,
      exitCode: 2,
    })
  })
}

/** Adds signatures of these keys. @throws Fault 2 where one of them may not sign */
export const sign = (inForce: Rules, change: SignedConfiguration, secretKeys: readonly Uint8Array[]) =>
  merge(inForce, [change, signConfiguration(change.configuration, secretKeys)])

/** All signatures of several files: each signer's once, ascending, and no more than are needed. @throws Fault 2 */
export function merge(inForce: Rules, changes: readonly SignedConfiguration[]): SignedConfiguration {
  const [first] = changes as [SignedConfiguration]
  const { hash } = checkNext(inForce, first.configuration)
  const bySigner = new Map<Hex, Hex>()
  for (const change of changes) {
    if (checkNext(inForce, change.configuration).hash !== hash)
      throw new Fault('DIFFERENT_CHANGES', 'the files hold different configurations', {
        next: 'let all signers sign one and the same draft',
        exitCode: 2,
      })
    for (const [i, signer] of signersOf(inForce, change).entries())
      if (!bySigner.has(signer)) bySigner.set(signer, change.signatures[i] as Hex)
  }
  const ascending = [...bySigner].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature)
  return { configuration: first.configuration, signatures: ascending.slice(0, inForce.configuration.threshold) }
}
