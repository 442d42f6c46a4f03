/**
 * Key policies, evaluated as AWS does with the part of the language that key policies for enclaves are written in. What is
 * not understood is refused when the policy is put, so that no policy means less here than there.
 */
import { z } from 'zod'
import { KmsError } from './errors.ts'

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)])
const conditions = z.record(z.string(), oneOrMore)

/** Whether a value that is there fits one of those listed; a key that is absent fits nothing. */
const isAmong = {
  StringEquals: (value: string, listed: string) => value === listed,
  StringEqualsIgnoreCase: (value: string, listed: string) => value.toLowerCase() === listed.toLowerCase(),
}

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*').transform(() => ({ AWS: ['*'] })), z.strictObject({ AWS: oneOrMore })]),
  Action: oneOrMore,
  Resource: oneOrMore,
  Condition: z
    .strictObject({
      StringEquals: conditions.optional(),
      StringEqualsIgnoreCase: conditions.optional(),
      StringNotEquals: conditions.optional(),
      StringNotEqualsIgnoreCase: conditions.optional(),
    })
    .optional(),
})

const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.array(statement).min(1),
})

export type Policy = z.infer<typeof policySchema>
type Statement = Policy['Statement'][number]

/** Values by condition key, both in any case of letters. A key that a request does not have is absent. */
export type ConditionValues = ReadonlyMap<string, string>

export interface Access {
  /** ARN of whoever asks. */
  readonly principal: string
  /** `kms:DeriveSharedSecret` */
  readonly action: string
  /** ARN of the key. */
  readonly resource: string
  readonly values: ConditionValues
}

/** @throws KmsError `MalformedPolicyDocumentException` */
export function parsePolicy(text: string): Policy {
  try {
    return policySchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new KmsError('MalformedPolicyDocumentException', 'the policy is not understood', { cause })
  }
}

/** Whether some statement allows it and none denies it. */
export function isAllowed({ Statement: statements }: Policy, access: Access): boolean {
  const effects = statements.filter((one) => applies(one, access)).map(({ Effect }) => Effect)
  return effects.includes('Allow') && !effects.includes('Deny')
}

const applies = ({ Principal, Action, Resource, Condition = {} }: Statement, access: Access): boolean =>
  Principal.AWS.some((listed) => isPrincipal(listed, access.principal)) &&
  Action.some((pattern) => fits(pattern.toLowerCase(), access.action.toLowerCase())) &&
  Resource.some((pattern) => fits(pattern, access.resource)) &&
  Object.entries(Condition).every(([operator, keys = {}]) => holds(operator, keys, access.values))

/** The root of an account stands for all whom the account's own policies allow it; here they allow it to all. */
function isPrincipal(listed: string, principal: string): boolean {
  const [, account] = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(listed) ?? []
  return listed === '*' || listed === principal || (account !== undefined && principal.split(':')[4] === account)
}

const fits = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text)

/** Every key must hold; of the values listed for a key one is enough, or for an operator with Not, none may fit. */
function holds(operator: string, keys: Readonly<Record<string, string[]>>, values: ConditionValues): boolean {
  const isNegated = operator.includes('Not')
  const test = isAmong[operator.replace('Not', '') as keyof typeof isAmong]
  return Object.entries(keys).every(([key, listed]) => {
    const value = values.get(key.toLowerCase())
    return isNegated !== (value !== undefined && listed.some((one) => test(value, one)))
  })
}
