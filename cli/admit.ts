/** `bursar admit`: whether a core was born as the operator wants it, before the contract is told to follow its key. */
import { readFileSync } from 'node:fs'
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import type { Command } from 'commander'
import { Rejection } from '../attestation/rejection.ts'
import { awsNitroRoot } from '../attestation/roots.ts'
import { type Measurement, verifyAttestation } from '../attestation/verify.ts'
import { checkConfiguration } from '../ledger/config.ts'
import { type Hex, toHex } from '../ledger/hex.ts'
import type { Configuration } from '../ledger/structs.ts'
import { struct } from '../protocol/codec.ts'
import { bornUserData } from '../protocol/userData.ts'
import { Fault } from './fault.ts'
import { type MeasurementOptions, withMeasurement } from './measurement.ts'
import { address } from './options.ts'
import { rootOfPem } from './rootOfPem.ts'

interface Options extends MeasurementOptions {
  readonly configuration: string
  readonly address: Hex
  readonly kmsKey?: readonly string[]
  readonly kmsEndpoint?: string
  readonly root?: string
}

const help = `
CERTIFICATE is what the host shows as birth certificate: the document, no base64 around it. What the host says proves nothing, so
the configuration must be your own file, not one from the host, and the measurement that of an image you built or reviewed.
Each --kms-key is asked for its public key with your own credentials, and must be the one in the configuration at its place:
a host that slips in a key of its own can read the core's.

Exit codes: 0 admit it, 1 do not, 2 a file could not be read or the options are wrong, 75 KMS could not be asked.`

/** Adds the command to `program`. */
export function addAdmitCommand(program: Command): void {
  withMeasurement(program.command('admit'))
    .description('judge the birth certificate of a core against your own configuration')
    .argument('<certificate>', 'the birth certificate')
    .requiredOption('--configuration <file>', 'your own configuration, JSON')
    .requiredOption('--address <address>', 'the key that the contract is to follow', address)
    .option('--kms-key <arn...>', 'your KMS keys, in the order of the configuration')
    .option('--kms-endpoint <url>', "another KMS than AWS's")
    .option('--root <pem>', 'file with the one root certificate to trust (default: that of AWS)')
    .addHelpText('after', help)
    .action(admit)
}

async function admit(certificate: string, options: Options): Promise<void> {
  const { configuration, hash: configHash } = readConfiguration(options.configuration)
  await checkKmsKeys(configuration, options)
  const { address } = options
  const bornAt = judge(read(certificate), { address, configHash }, options)
  process.stdout.write(
    `committer   ${address}\nconfigHash  ${configHash}\nborn        ${new Date(bornAt).toISOString()}\n`,
  )
}

function readConfiguration(path: string): { configuration: Configuration; hash: Hex } {
  try {
    return checkConfiguration(struct('Configuration').read(JSON.parse(new TextDecoder().decode(read(path))), ''))
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('BAD_CONFIGURATION', reason, { next: `put ${path} right`, exitCode: 2, cause })
  }
}

/** A key that is not the operator's opens the state to whoever has it. */
async function checkKmsKeys({ kmsKeys }: Configuration, { kmsKey = [], kmsEndpoint }: Options): Promise<void> {
  if (kmsKeys.length === 0)
    throw new Fault('NO_KMS_KEYS', 'the configuration names no KMS key: the host keeps the state key', {
      next: 'make a configuration with at least one KMS key, and a new genesis',
    })
  const actual = await Promise.all(kmsKey.map((arn) => fetchPublicKey(arn, kmsEndpoint)))
  if (actual.join() !== kmsKeys.join())
    throw new Fault('FOREIGN_KMS_KEY', 'the configuration names other KMS keys than those given here', {
      next: 'name each of your KMS keys with --kms-key, in order; if they are all there, the configuration is not yours',
    })
}

async function fetchPublicKey(arn: string, endpoint: string | undefined): Promise<Hex> {
  const region = arn.split(':')[3] ?? ''
  const client = new KMSClient({ region, ...(endpoint === undefined ? {} : { endpoint }) })
  try {
    const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: arn }))
    return toHex(PublicKey ?? new Uint8Array())
  } catch (cause) {
    // The error holds the request: its name and message are what may be shown.
    const { name, message } = cause as Error
    throw new Fault('KMS_UNAVAILABLE', `${arn}: ${name}: ${message}`, {
      next: 'check the ARN and that your own credentials allow kms:GetPublicKey',
      exitCode: 75,
    })
  } finally {
    client.destroy()
  }
}

/** @returns the time of birth, ms since 1970 */
function judge(certificate: Uint8Array, born: { address: Hex; configHash: Hex }, options: Options): number {
  const root = options.root === undefined ? awsNitroRoot : rootOfPem(new TextDecoder().decode(read(options.root)))
  const { pcr0, pcr1, pcr2 } = options
  const image = [pcr0, pcr1, pcr2].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))) as unknown as Measurement
  try {
    const userData = bornUserData(born)
    return verifyAttestation(certificate, { root, at: 'document', measurements: [image], userData }).atMs
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    const other = 'it is over another address or another configuration than yours'
    throw new Fault(error.code, error.code === 'WRONG_USER_DATA' ? other : error.message, {
      next: 'do not admit this key; ask the host for the certificate of a genesis with your configuration',
    })
  }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    const next = 'name a file that exists and that you may read'
    throw new Fault('FILE_UNREADABLE', `${path} cannot be read`, { next, exitCode: 2, cause })
  }
}
