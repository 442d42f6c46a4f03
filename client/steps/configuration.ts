/** The rules: every configuration is in the log and follows the one before, and the contract names one of them. */
import { checkConfiguration, checkNextConfiguration, type Rules } from '../../ledger/config.ts'
import { authenticate, bringsNewKey, entryLeaf, type SignedConfiguration } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import type { Hex } from '../../ledger/hex.ts'
import { Refusal } from '../../ledger/refusal.ts'
import type { Head } from '../chain/treasury.ts'
import type { Finding } from '../checks/check.ts'
import { verifyInclusion } from '../inclusion.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, need, type VerifyOptions } from './known.ts'

export async function checkConfigurations({ client }: VerifyOptions, known: Known): Promise<Finding> {
  const [head, log, treasury] = [need(known, 'head'), need(known, 'log'), need(known, 'treasury')]
  const { configurations } = await client.configurations()
  const hashes: Hex[] = []
  let rules: Rules | undefined
  for (const { position, entry } of configurations) {
    const { path } = await client.inclusion(position, log.size)
    const leaf = leafHash(entryLeaf(entry))
    if (!verifyInclusion({ leaf, index: position, size: log.size, path }, log.root))
      throw new ProvedLie('CONFIGURATION_NOT_IN_LOG', 'a configuration is not in the log where the daemon says', {
        position,
      })
    rules = rules ? follow(rules, entry, head) : checkConfiguration(entry.configuration)
    hashes.push(rules.hash)
  }
  if (!rules) throw new NotChecked('NO_CONFIGURATION', 'the daemon shows no configuration')
  if (!hashes.includes(head.configHash))
    throw new NotChecked('CONFIGURATION_PENDING', 'the contract names a configuration that is not in the log yet', {
      facts: { config_hash: head.configHash },
    })
  if ((await treasury.get('broker')) !== rules.configuration.broker)
    throw new ProvedLie('WRONG_BROKER', 'the configuration names another broker than the contract pays through')
  known.configHashes = hashes
  known.rules = rules
  return {
    said: `version ${rules.configuration.version} is in the log, and the contract names it`,
    facts: { config_hash: head.configHash, versions: hashes.length },
  }
}

/** A configuration follows by the signatures of the one before, or by a new key that the contract admitted with it. @throws ProvedLie, NotChecked */
function follow(rules: Rules, entry: SignedConfiguration, head: Head): Rules {
  const isNewKey = bringsNewKey(entry)
  try {
    if (!isNewKey) authenticate(rules, entry)
    const next = checkNextConfiguration(rules, entry.configuration, { isNewKey })
    if (isNewKey && next.hash !== head.configHash)
      throw new NotChecked(
        'OLD_ADMISSION',
        'a configuration that came with a new key was replaced since: audit tells more',
      )
    return next
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new ProvedLie(
      'CONFIGURATION_NOT_SIGNED',
      `a configuration does not follow the one before: ${error.message}`,
      {
        refusal: error.code,
      },
    )
  }
}
