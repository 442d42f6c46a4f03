/** A policy for the KMS key that a core's state key is wrapped to. */

export interface PolicyOrder {
  /** PCR0, PCR1 and PCR2 of the one image, hex. */
  readonly pcrs: readonly [string, string, string]
  /** ARN of who carries the question of a core to KMS. */
  readonly host: string
  /** ARNs of who may change the policy. None of them may use the key. */
  readonly admins: readonly string[]
}

const adminActions = [
  'kms:DescribeKey',
  'kms:GetPublicKey',
  'kms:GetKeyPolicy',
  'kms:PutKeyPolicy',
  'kms:EnableKey',
  'kms:DisableKey',
  'kms:ScheduleKeyDeletion',
  'kms:CancelKeyDeletion',
]

/**
 * The policy as an object for JSON. It allows the secret to the host with a document of this image, and denies it to all
 * others: a denial outweighs whatever the account's own policies or a grant would allow. One denial a register, because the
 * keys of one condition must all differ before it applies.
 */
export function keyPolicy({ pcrs, host, admins }: PolicyOrder): object {
  const derive = { Action: 'kms:DeriveSharedSecret', Resource: '*' }
  const registers = pcrs.map((pcr, n) => ({ [`kms:RecipientAttestation:PCR${n}`]: pcr }))
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Administration', Effect: 'Allow', Principal: { AWS: admins }, Action: adminActions, Resource: '*' },
      {
        Sid: 'StateKeyForThisImage',
        Effect: 'Allow',
        Principal: { AWS: host },
        ...derive,
        Condition: { StringEqualsIgnoreCase: Object.assign({}, ...registers) },
      },
      ...registers.map((register, n) => ({
        Sid: `NothingWithoutPCR${n}`,
        Effect: 'Deny',
        Principal: '*',
        ...derive,
        Condition: { StringNotEqualsIgnoreCase: register },
      })),
    ],
  }
}
