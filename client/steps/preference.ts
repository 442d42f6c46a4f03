/**
 * How a payee is paid: by its own signed preference in the log, else by the configuration. Never the daemon's to say. That a
 * newer preference is kept back only shows to whoever reads the whole log, as the audit does.
 */
import { listedRule, rail } from '../../ledger/config.ts'
import { authenticate, entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import { type Hex, zeroAddress } from '../../ledger/hex.ts'
import { Refusal } from '../../ledger/refusal.ts'
import type { Preference } from '../../ledger/structs.ts'
import type { AccountAnswer } from '../api.ts'
import { ApiError } from '../apiError.ts'
import type { Finding } from '../checks/check.ts'
import { verifyInclusion } from '../inclusion.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, need, type VerifyOptions } from './known.ts'

export async function checkPreference({ client, payee: wanted }: VerifyOptions, known: Known): Promise<Finding> {
  const [rules, payee] = [need(known, 'rules'), wanted as Hex]
  const account = await client.account(payee).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  })
  if (!account) return { said: 'no account yet: nothing is paid' }
  const own = account.preference && (await provePreference(client, known, account.preference, payee))
  const { rail: number, minimumWei } = own ?? listedRule(rules, payee)
  const expected = number === rail.ticket ? 'ticket' : 'direct'
  if (account.rail !== expected || account.minimumWei !== minimumWei)
    throw new ProvedLie('WRONG_RULE', 'the daemon says that the payee is paid otherwise than the log does', {
      claimed: `${account.rail} from ${account.minimumWei} wei on`,
      log: `${expected} from ${minimumWei} wei on`,
    })
  const source = own ? `preference ${own.number} of the payee` : 'the configuration'
  const redirect = own && own.redirect !== zeroAddress ? `; what is credited goes to ${own.redirect}` : ''
  return { said: `paid by ${expected}, from ${minimumWei} wei on, as ${source} says${redirect}` }
}

async function provePreference(
  client: VerifyOptions['client'],
  known: Known,
  { position, entry }: NonNullable<AccountAnswer['preference']>,
  payee: Hex,
): Promise<Preference> {
  const [rules, log] = [need(known, 'rules'), need(known, 'log')]
  if (position >= log.size)
    throw new NotChecked('LOG_GREW', 'the preference is newer than this look at the log: ask again')
  const { path } = await client.inclusion(position, log.size)
  const leaf = leafHash(entryLeaf(entry))
  if (!verifyInclusion({ leaf, index: position, size: log.size, path }, log.root))
    throw new ProvedLie('PREFERENCE_NOT_IN_LOG', 'the preference is not in the log where the daemon says', { position })
  try {
    authenticate(rules, entry)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new ProvedLie('PREFERENCE_NOT_SIGNED', `the preference does not stand: ${error.message}`, {
      refusal: error.code,
    })
  }
  if (entry.preference.payee !== payee)
    throw new ProvedLie('OTHER_PAYEE', 'the preference is of another payee', {
      payee,
      answered: entry.preference.payee,
    })
  return entry.preference
}
