/** The keys of one account and what can be done with them. Every request names its caller and is held to the key's policy. */
import { diffieHellman, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type ContentForm, writeEnveloped } from './cms.ts'
import { invalid, KmsError } from './errors.ts'
import { type ConditionValues, isAllowed, type Policy, parsePolicy } from './policy.ts'
import { attestedRecipient, publicKeyOf } from './recipient.ts'
import type { Identity } from './signature.ts'

export interface KeysOptions {
  readonly region: string
  /** Twelve digits. */
  readonly account: string
  /** SHA-256 of the root that attestation documents must be under. */
  readonly attestationRoot: Uint8Array
  readonly contentForm: ContentForm
  readonly now: () => number
}

interface Key {
  readonly id: string
  readonly arn: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  isEnabled: boolean
  policy: Policy
  policyText: string
}

const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
const keyId = z.string().min(1).max(2048)
const policyText = z.string().min(1).max(32_768)
const keySpec = 'ECC_NIST_P384'
const curve = 'secp384r1'
const none: ConditionValues = new Map()

const inputs = {
  CreateKey: z.object({
    KeyUsage: z.literal('KEY_AGREEMENT'),
    KeySpec: z.literal(keySpec),
    Policy: policyText.optional(),
    BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  }),
  GetPublicKey: z.object({ KeyId: keyId }),
  GetKeyPolicy: z.object({ KeyId: keyId, PolicyName: z.literal('default').optional() }),
  PutKeyPolicy: z.object({
    KeyId: keyId,
    PolicyName: z.literal('default').optional(),
    Policy: policyText,
    BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  }),
  DisableKey: z.object({ KeyId: keyId }),
  EnableKey: z.object({ KeyId: keyId }),
  DeriveSharedSecret: z.object({
    KeyId: keyId,
    KeyAgreementAlgorithm: z.literal('ECDH'),
    PublicKey: bytes,
    Recipient: z
      .object({ KeyEncryptionAlgorithm: z.literal('RSAES_OAEP_SHA_256'), AttestationDocument: bytes })
      .optional(),
  }),
}

export type Operation = keyof typeof inputs
type Input<O extends Operation> = z.infer<(typeof inputs)[O]>

export const isOperation = (name: string): name is Operation => Object.hasOwn(inputs, name)

export interface Keys {
  /** Does what was asked in the JSON of AWS's API. @throws KmsError */
  perform(operation: Operation, untrusted: unknown, caller: Identity): object
}

export function createKeys({ region, account, attestationRoot, contentForm, now }: KeysOptions): Keys {
  const keys = new Map<string, Key>()

  const find = (untrustedId: string): Key => {
    const key = [...keys.values()].find(({ id, arn }) => untrustedId === id || untrustedId === arn)
    if (!key) throw new KmsError('NotFoundException', `Key '${untrustedId}' does not exist`)
    return key
  }

  /** The key, if its policy allows the caller this. */
  const allowed = (untrustedId: string, action: Operation, caller: Identity, values = none): Key => {
    const key = find(untrustedId)
    const access = { principal: caller.arn, action: `kms:${action}`, resource: key.arn, values }
    if (!isAllowed(key.policy, access))
      throw new KmsError(
        'AccessDeniedException',
        `User: ${caller.arn} is not authorized to perform: ${access.action} on resource: ${key.arn}`,
      )
    return key
  }

  const enabled = (key: Key): Key => {
    if (!key.isEnabled) throw new KmsError('DisabledException', `${key.arn} is disabled.`)
    return key
  }

  /** A policy under which its author could not change it again is a slip, unless it is said to be meant. */
  const checked = (text: string, arn: string, caller: Identity, isMeant = false): Policy => {
    const policy = parsePolicy(text)
    const access = { principal: caller.arn, action: 'kms:PutKeyPolicy', resource: arn, values: none }
    if (!isMeant && !isAllowed(policy, access))
      throw new KmsError(
        'MalformedPolicyDocumentException',
        'The new key policy will not allow you to update the key policy in the future.',
      )
    return policy
  }

  const operations: { readonly [O in Operation]: (input: Input<O>, caller: Identity) => object } = {
    CreateKey({ Policy: given, BypassPolicyLockoutSafetyCheck }, caller) {
      const id = randomUUID()
      const arn = `arn:aws:kms:${region}:${account}:key/${id}`
      const text = given ?? accountPolicy(account)
      const policy = checked(text, arn, caller, BypassPolicyLockoutSafetyCheck)
      const pair = generateKeyPairSync('ec', { namedCurve: curve })
      keys.set(id, { id, arn, ...pair, isEnabled: true, policy, policyText: text })
      const KeyMetadata = {
        KeyId: id,
        Arn: arn,
        AWSAccountId: account,
        Enabled: true,
        KeyState: 'Enabled',
        KeyUsage: 'KEY_AGREEMENT',
        KeySpec: keySpec,
        KeyAgreementAlgorithms: ['ECDH'],
        Origin: 'AWS_KMS',
        KeyManager: 'CUSTOMER',
        CreationDate: Math.floor(now() / 1000),
      }
      return { KeyMetadata }
    },
    GetPublicKey({ KeyId }, caller) {
      const { arn, publicKey } = enabled(allowed(KeyId, 'GetPublicKey', caller))
      return {
        KeyId: arn,
        PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        KeySpec: keySpec,
        CustomerMasterKeySpec: keySpec,
        KeyUsage: 'KEY_AGREEMENT',
        KeyAgreementAlgorithms: ['ECDH'],
      }
    },
    GetKeyPolicy: ({ KeyId }, caller) => ({
      Policy: allowed(KeyId, 'GetKeyPolicy', caller).policyText,
      PolicyName: 'default',
    }),
    PutKeyPolicy({ KeyId, Policy: text, BypassPolicyLockoutSafetyCheck }, caller) {
      const key = allowed(KeyId, 'PutKeyPolicy', caller)
      key.policy = checked(text, key.arn, caller, BypassPolicyLockoutSafetyCheck)
      key.policyText = text
      return {}
    },
    DisableKey({ KeyId }, caller) {
      allowed(KeyId, 'DisableKey', caller).isEnabled = false
      return {}
    },
    EnableKey({ KeyId }, caller) {
      allowed(KeyId, 'EnableKey', caller).isEnabled = true
      return {}
    },
    DeriveSharedSecret({ KeyId, PublicKey, Recipient }, caller) {
      // A document that is not valid is refused whatever the policy says; without one its condition keys are absent.
      const judge = { root: attestationRoot, at: now() }
      const recipient = Recipient && attestedRecipient(Recipient.AttestationDocument, judge)
      const { arn, privateKey } = enabled(allowed(KeyId, 'DeriveSharedSecret', caller, recipient?.values))
      const secret = diffieHellman({ privateKey, publicKey: theirKey(PublicKey) })
      const answer = recipient
        ? { CiphertextForRecipient: base64(writeEnveloped(secret, recipient.publicKey, contentForm)) }
        : { SharedSecret: base64(secret) }
      return { KeyId: arn, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS', ...answer }
    },
  }

  return {
    perform<O extends Operation>(operation: O, untrusted: unknown, caller: Identity): object {
      const input = inputs[operation].safeParse(untrusted)
      if (!input.success) return invalid(input.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '))
      return operations[operation](input.data as Input<O>, caller)
    },
  }
}

/** What a key gets that is created without a policy: all is left to the account. */
const accountPolicy = (account: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  })

function theirKey(der: Uint8Array): KeyObject {
  const key = publicKeyOf(der)
  return key?.asymmetricKeyDetails?.namedCurve === curve ? key : invalid('PublicKey is not a P-384 key in SPKI DER.')
}

const base64 = (content: Uint8Array): string => Buffer.from(content).toString('base64')
