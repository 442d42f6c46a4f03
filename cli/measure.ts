/** `bursar measure`: rebuilds the enclave's image and compares it with what a running daemon attests. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { z } from 'zod'
import { imageRegisters } from '../attestation/document.ts'
import { Rejection } from '../attestation/rejection.ts'
import { awsNitroRoot } from '../attestation/roots.ts'
import { verifyAttestation } from '../attestation/verify.ts'
import { Fault } from './fault.ts'
import { compareMeasurements, type Manifest, manifestSchema } from './measureCompare.ts'
import { rootOfPem } from './rootOfPem.ts'

interface Options {
  readonly manifest?: string
  readonly root?: string
  readonly json: boolean
}

const project = join(import.meta.dirname, '..')
const answer = z.object({ document_b64: z.base64() })
const timeoutMs = 30_000

const help = `
Builds the image of this checkout (npm run image:kernel must have built its kernel) and asks the daemon at URL for a fresh
attestation document. Check out the very commit that the operator names; --manifest is the manifest.json that the operator
published with the image, and lets the command name the first input that differs. Without it the command says which part
of the image differs.

Exit codes: 0 the enclave runs exactly this image, 1 it runs another, 2 one of the two could not be found out.`

export const measureCommand = (): Command =>
  new Command('measure')
    .description('rebuild the image, and compare it with what a running daemon attests')
    .argument('<url>', 'where the daemon is, such as https://bursar.example')
    .option('--manifest <file>', "manifest of the operator's build")
    .option('--root <pem>', 'file with the one root certificate to trust (default: that of AWS)')
    .option('--json', 'print one line of JSON', false)
    .addHelpText('after', help)
    .action(measure)

async function measure(url: string, { manifest: file, root, json }: Options): Promise<void> {
  const theirs = file === undefined ? undefined : readManifest(file)
  const attested = await attestedRegisters(url, root)
  const result = compareMeasurements({ ours: buildManifest(), theirs, attested })
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${result.sentence}\n`)
  process.exitCode = result.isSame ? 0 : 1
}

/** PCR0, PCR1, PCR2 in a document made for this question. */
async function attestedRegisters(url: string, rootFile: string | undefined): Promise<[string, string, string]> {
  const root = rootFile === undefined ? awsNitroRoot : rootOfPem(readFileSync(rootFile, 'utf8'))
  const nonce = new Uint8Array(randomBytes(32))
  try {
    const question = `${url.replace(/\/$/, '')}/api/tee/attestation?nonce=0x${Buffer.from(nonce).toString('hex')}`
    const response = await fetch(question, { signal: AbortSignal.timeout(timeoutMs) })
    const { document_b64 } = answer.parse(await response.json())
    const document = new Uint8Array(Buffer.from(document_b64, 'base64'))
    const { pcrs } = verifyAttestation(document, { root, at: Date.now(), nonce }).document
    return imageRegisters.map((n) => Buffer.from(pcrs.get(n) as Uint8Array).toString('hex')) as [string, string, string]
  } catch (cause) {
    const rejected = cause instanceof Rejection ? `its document is refused (${cause.code})` : 'it gives no document'
    throw new Fault('NOT_ATTESTED', `the daemon at ${url} proves nothing: ${rejected}`, {
      next: 'see that it runs and has a core; for a test authority name its root with --root',
      exitCode: 2,
      cause,
    })
  }
}

/** By a process of its own: the command line may not import what builds the enclave. */
function buildManifest(): Manifest {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-measure-'))
  try {
    const builder = join(project, 'enclave/image/main.ts')
    const { status, stderr } = spawnSync(process.execPath, [builder, folder], { encoding: 'utf8' })
    if (status === 0) {
      process.stderr.write(stderr) // that the compiler is another, where it is
      return readManifest(join(folder, 'manifest.json'))
    }
    throw new Fault('NOT_BUILT', `the image cannot be built: ${stderr.trim().split('\n').at(-1)}`, {
      next: 'npm run image says more',
      exitCode: 2,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readManifest(path: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new Fault('MANIFEST_UNREADABLE', `${path} is no manifest of an image`, {
      next: 'name the manifest.json that npm run image wrote',
      exitCode: 2,
      cause,
    })
  }
}
