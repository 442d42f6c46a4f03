/**
 * A core whose state key is wrapped to a key in KMS, and a host that carries what KMS says: it may bring another's answer, an
 * old one, one of its own making; or ask KMS with a document of its own.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeEnveloped } from '../../anvil/kms/cms.ts'
import { KmsError } from '../../anvil/kms/errors.ts'
import { attestedRecipient } from '../../anvil/kms/recipient.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import { toBytes, toHex } from '../../ledger/hex.ts'
import type { WrappedKey } from '../../protocol/messages.ts'
import { hold } from './broken.ts'
import { firstConfiguration } from './constants.ts'
import { ask } from './host.ts'
import { type Authority, createPlatform } from './platform.ts'
import { Random } from './random.ts'

const platformOf = (authority: Authority, random: Random) => {
  const { stateKey: _, ...platform } = createPlatform(random, {}, authority)
  return platform
}

/** A key in KMS, and what a core sealed that was born under it. */
interface Born {
  readonly kms: KeyObject
  readonly wrapped: WrappedKey
  readonly sealed: readonly Uint8Array[]
}

function bear(authority: Authority): Born {
  const { privateKey: kms, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const kmsKeys = [toHex(publicKey.export({ format: 'der', type: 'spki' }))]
  const core = createCore(platformOf(authority, new Random(kmsKeys.length)))
  const { ok } = ask(core, 'genesis', { configuration: { ...firstConfiguration, kmsKeys }, logBegins: null })
  hold('G5', ok?.wrappedKeys[0] !== undefined, 'a state key is not wrapped')
  return { kms, wrapped: ok.wrappedKeys[0], sealed: ok.sealed }
}

let scene: { readonly ours: Born; readonly hosts: Born; readonly rsa: KeyObject } | undefined
/** Made once: keys are slow to make, and nothing of it changes. */
function sceneOf() {
  if (scene) return scene
  const ours = bear('here')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  scene = { ours, hosts: bear('elsewhere'), rsa }
  return scene
}

function request(authority: Authority): { readonly core: Core; readonly document: Uint8Array } {
  const core = createCore(platformOf(authority, new Random(0x4b4d53)))
  const { ok } = ask(core, 'unwrap_request', {})
  return { core, document: ok?.documentB64 ?? new Uint8Array() }
}

/** As KMS judges who asks. @throws KmsError */
const attestedKey = ({ document }: { readonly document: Uint8Array }): KeyObject =>
  attestedRecipient(document, { root: platformOf('here', new Random(0)).trust.root, at: 'document' }).publicKey

/** The shared secret, to whom it is for. */
const answer = ({ kms, wrapped }: Born, recipient: KeyObject): Uint8Array =>
  writeEnveloped(
    diffieHellman({
      privateKey: kms,
      publicKey: createPublicKey({ key: Buffer.from(toBytes(wrapped.ephemeralKey)), format: 'der', type: 'spki' }),
    }),
    recipient,
    'primitive',
  )

const lies = ['none', 'own RSA key', 'old answer', 'answer used again', 'own state', 'own root', 'other key'] as const

/** Starts a core through KMS as one of these hosts does. */
export function unwrapAttempt(random: Random): void {
  const { ours, hosts, rsa } = sceneOf()
  const lie = random.pick(lies)
  if (lie === 'own root') {
    hold('G3', isRefused(request('elsewhere')), 'KMS answers a machine of the host')
    return
  }
  const old = attestedKey(request('here'))
  const asked = request('here')
  const load = (ciphertextB64: Uint8Array, by = ours, wrapped = by.wrapped): string | undefined =>
    ask(asked.core, 'load_state', { key: { wrapped, ciphertextB64 }, sealed: [...by.sealed], isLast: true }).no?.code
  const expectCode = (got: string | undefined, code: string | undefined): void =>
    hold('G3', got === code, () => `a host that brings KMS's answer with ${lie} changed is told ${got}`)
  const key = attestedKey(asked)
  if (lie === 'none') expectCode(load(answer(ours, key)), undefined)
  if (lie === 'own RSA key') expectCode(load(answer(ours, rsa)), 'CIPHERTEXT_FOREIGN')
  if (lie === 'old answer') expectCode(load(answer(ours, old)), 'CIPHERTEXT_FOREIGN')
  if (lie === 'own state') expectCode(load(answer(hosts, key), hosts), 'BIRTH_REFUSED')
  if (lie === 'other key') expectCode(load(answer(hosts, key), ours, ours.wrapped), 'STATE_KEY_FOREIGN')
  if (lie === 'answer used again') {
    expectCode(load(answer(ours, key), ours, { ...ours.wrapped, sealed: hosts.wrapped.sealed }), 'STATE_KEY_FOREIGN')
    expectCode(load(answer(ours, key)), 'NO_UNWRAP_REQUEST')
  }
}

function isRefused(asked: { readonly document: Uint8Array }): boolean {
  try {
    attestedKey(asked)
    return false
  } catch (error) {
    return error instanceof KmsError && error.name === 'ValidationException'
  }
}
