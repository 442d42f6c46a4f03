/** The core and who gives it its key back: through the daemon where it has the core, for a core speaks to one host at a time. */
import { Rejection } from '../../attestation/rejection.ts'
import { verifyAttestation } from '../../attestation/verify.ts'
import { imagesOf } from '../../client/checks/trust.ts'
import type { Trust } from '../../client/index.ts'
import { type KmsTrial, kmsAnswer } from '../../client/operatorApi.ts'
import type { LaneAndHost } from '../../daemon/config.ts'
import { connectCore } from '../../daemon/enclaveClient.ts'
import { kmsPlacesOf } from '../../daemon/kms.ts'
import { tryKms } from '../../daemon/services/kmsTrial.ts'
import { toBytes, toHex } from '../../ledger/hex.ts'
import { daemonClient, operatorClient } from '../settings.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'

const timeoutMs = 5_000

interface Known {
  readonly said: string
  readonly isHalted: boolean
  /** Undefined of a core that has halted, or has no state yet and none to show. */
  readonly document: Uint8Array | undefined
  /** What the document answers; undefined where it was not asked. */
  readonly nonce?: Uint8Array
  readonly tryKms: () => Promise<readonly KmsTrial[]>
}

export async function checkCore(config: LaneAndHost, trust: Trust | undefined): Promise<Finding[]> {
  const next = `start it: it is to listen at ${config.core}`
  let known: Known
  try {
    known = (await throughDaemon(config)) ?? (await directly(config))
  } catch (error) {
    return [
      fail('core', messageOf(error), next),
      ...config.kms.map((_, i) => warn(nameOf(i), 'not asked: only a core can ask', 'start the core')),
    ]
  }
  const core = known.isHalted ? fail('core', known.said, 'keep its log, then restart it') : judge(known, trust)
  return [core, ...(await checkKms(config, known))]
}

const nameOf = (index: number): string => `kms ${index + 1}`

/** @returns undefined where no daemon has the core */
async function throughDaemon(config: LaneAndHost): Promise<Known | undefined> {
  const client = daemonClient(config)
  const status = await client.status().catch(() => undefined) // that the daemon is away is a finding of its own
  if (!status?.core) return undefined
  const { version, phase } = status.core
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const { documentB64 } = await client.attestation(toHex(nonce))
  return {
    said: `version ${version}, ${phase}`,
    isHalted: phase === 'halted',
    document: documentB64,
    nonce,
    tryKms: async () => (await operatorClient(config).ask(kmsAnswer, '/operator/kms')).trials,
  }
}

async function directly({ core: address, kms, rules, newKeyRules }: LaneAndHost): Promise<Known> {
  const signal = AbortSignal.timeout(timeoutMs)
  const core = await connectCore(address, signal)
  try {
    const { phase, version } = await core.request('status', {}, signal)
    const isHalted = phase === 'halted'
    const document = isHalted ? undefined : (await core.request('unwrap_request', {}, signal)).documentB64
    const { kmsKeys } = (newKeyRules ?? rules).configuration
    const places = kmsPlacesOf(kms)
    return {
      said: `version ${version}, ${phase}, waits for its daemon`,
      isHalted,
      document,
      tryKms: async () => (document ? tryKms(document, { kmsKeys, places }) : []),
    }
  } finally {
    core.close()
  }
}

/** Its measurement, against the images that the operator trusts. */
function judge({ document, nonce, said }: Known, trust: Trust | undefined): Finding {
  if (!trust || !document)
    return warn('core', `${said}, measurement not judged`, 'name your images: bursar doctor --trust FILE')
  try {
    const root = toBytes(trust.attestationRoot)
    verifyAttestation(document, { root, at: Date.now(), measurements: imagesOf(trust), ...(nonce ? { nonce } : {}) })
    return ok('core', `${said}, an image that you trust`)
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    return fail(
      'core',
      `${said}, but ${error.code}: ${error.message}`,
      'send it no money: run the image that you reviewed',
    )
  }
}

const nextSteps: Readonly<Record<Exclude<KmsTrial['verdict'], 'ok'>, string>> = {
  refused: 'put the policy for this image and this host (bursar kms policy), or enable the key',
  unreachable: 'let this machine reach it: route, proxy, VPC endpoint, credentials',
  open: 'put the policy that `bursar kms policy` prints: anyone with this role can take the state key',
  other_key: 'mend `kms` in the settings: one for each of the kms_keys, in their order',
}

/** Each KMS is asked as it will be at the next start. */
async function checkKms({ kms }: LaneAndHost, { tryKms: ask }: Known): Promise<Finding[]> {
  if (kms.length === 0) return []
  const next = 'see what the line of the core says'
  let failure: Finding | undefined
  const trials = await ask().catch((error: unknown): readonly KmsTrial[] => {
    failure = fail('kms', `not asked: ${messageOf(error)}`, next)
    return []
  })
  if (failure) return kms.map((_, i) => ({ ...(failure as Finding), name: nameOf(i) }))
  return kms.map((_, i) => {
    const trial = trials[i]
    if (!trial) return warn(nameOf(i), 'not asked: the core does not ask', next)
    if (trial.verdict === 'ok') return ok(nameOf(i), 'gives this image its key, and nobody else')
    return fail(nameOf(i), trial.reason, nextSteps[trial.verdict])
  })
}
