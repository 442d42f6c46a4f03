/** This machine and what it speaks to beside the chain: core, KMS, store, daemon. */
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Rejection } from '../../attestation/rejection.ts'
import { verifyAttestation } from '../../attestation/verify.ts'
import { imagesOf } from '../../client/checks/trust.ts'
import type { Trust } from '../../client/index.ts'
import type { Config } from '../../daemon/config.ts'
import { connectCore } from '../../daemon/enclaveClient.ts'
import { versionOf } from '../../daemon/store/migrations.ts'
import { openDatabase } from '../../daemon/store/open.ts'
import { toBytes, toHex } from '../../ledger/hex.ts'
import { daemonClient } from '../settings.ts'
import { type Finding, fail, found, ok, warn } from './finding.ts'

const timeoutMs = 5_000
const freeBytesLow = 2 * 2 ** 30

export const checkHost = (config: Config, trust: Trust | undefined): Promise<Finding[]> =>
  Promise.all([
    found('core', `start it: it is to listen at ${config.core}`, () => checkCore(config, trust)),
    ...config.kms.map((place, i) =>
      found(`kms ${i + 1}`, 'let this machine reach it: route, proxy, VPC endpoint', () => checkKms(place)),
    ),
    found('store', 'mend `store` in the settings', () => checkStore(config)),
    ...(config.store.startsWith('sqlite:') ? [found('disk', 'mend `store`', () => checkDisk(config))] : []),
    found('daemon', 'start it: bursar serve, or systemctl start bursar', () => checkDaemon(config)),
  ])

/** Through the daemon where it runs, for a core speaks to one host at a time; otherwise itself. */
async function checkCore(config: Config, trust: Trust | undefined): Promise<Finding> {
  const client = daemonClient(config)
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const known = await client.status().catch(() => undefined) // that the daemon is away is a finding of its own
  if (!known) return checkLonelyCore(config)
  if (!known.core)
    return fail('core', `the daemon does not reach it: ${known.state}`, `start it: it is to listen at ${config.core}`)
  const said = `version ${known.core.version}, ${known.core.phase}`
  if (known.core.phase === 'halted') return fail('core', said, 'keep its log, then restart it')
  const { documentB64 } = await client.attestation(toHex(nonce))
  return judge(documentB64, nonce, said, trust)
}

async function checkLonelyCore({ core: address }: Config): Promise<Finding> {
  const signal = AbortSignal.timeout(timeoutMs)
  const core = await connectCore(address, signal)
  try {
    const { phase, version } = await core.request('status', {}, signal)
    return ok('core', `version ${version}, ${phase}, waits for its daemon`)
  } finally {
    core.close()
  }
}

/** Its measurement, against the images that the operator trusts. */
function judge(document: Uint8Array, nonce: Uint8Array, said: string, trust: Trust | undefined): Finding {
  if (!trust) return warn('core', `${said}, measurement not judged`, 'name your images: bursar doctor --trust FILE')
  try {
    const root = toBytes(trust.attestationRoot)
    verifyAttestation(document, { root, at: Date.now(), nonce, measurements: imagesOf(trust) })
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

/** Any answer will do: what it would say to this host's role, only a core can find out. */
async function checkKms({ region, endpoint }: Config['kms'][number]): Promise<Finding> {
  const url = endpoint ?? `https://kms.${region}.amazonaws.com`
  const { status } = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  return ok('kms', `${new URL(url).host} answers (${status})`)
}

async function checkStore({ store, rules }: Config): Promise<Finding> {
  const database = await openDatabase(store)
  try {
    const version = await versionOf(database.query)
    if (version === 0) return ok('store', 'empty: the daemon makes its tables at the first start')
    const [row] = await database.query('SELECT config_hash FROM deployment')
    if (row && row.config_hash !== rules.hash)
      return fail('store', `it belongs to configuration ${row.config_hash}`, 'name the store of this deployment')
    const [count] = await database.query('SELECT count(*) AS n FROM entries')
    return ok('store', `schema ${version}, ${count?.n} entries`)
  } finally {
    await database.close()
  }
}

async function checkDisk({ store }: Config): Promise<Finding> {
  const folder = dirname(resolve(store.slice('sqlite:'.length)))
  const { bavail, bsize } = await statfs(folder)
  const said = `${(Number(bavail * bsize) / 2 ** 30).toFixed(1)} GiB free at ${folder}`
  return bavail * bsize >= freeBytesLow
    ? ok('disk', said)
    : warn('disk', said, 'make room: without it nothing is acknowledged')
}

async function checkDaemon(config: Config): Promise<Finding> {
  const { state, isEpochOpen } = await daemonClient(config).status()
  return isEpochOpen ? ok('daemon', state) : warn('daemon', state, 'see BursarNotOpen in docs/OPERATING.md')
}
