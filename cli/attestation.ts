/** `bursar attestation`: judges one attestation document. */
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { Rejection } from '../attestation/rejection.ts'
import { awsNitroRoot } from '../attestation/roots.ts'
import { type AttestationExpectations, verifyAttestation } from '../attestation/verify.ts'
import { type Judgement, showJudgement, toJson } from './attestationTable.ts'
import { Fault } from './fault.ts'
import { rootOfPem } from './rootOfPem.ts'

interface Options {
  readonly at: AttestationExpectations['at']
  readonly root?: string
  readonly json: boolean
}

const help = `
FILE holds the document as the enclave gave it: COSE_Sign1 in CBOR, no base64 and no JSON around it. From a daemon:
  curl -s $URL/api/tee/attestation | jq -r .document_b64 | base64 -d > FILE

--at says at which moment its certificates must be valid. Give the time at which you received it, such as
2026-01-03T20:41:00Z. The word document stands for the time that the document itself names: right for an archived one, but no
proof that it is fresh; whoever kept it can show it for ever.

This command does not know which image, nonce or user data to expect. It prints them: compare.

Exit codes: 0 accepted, 1 rejected, 2 the file could not be read or the options are wrong.`

export const attestationCommand = (): Command =>
  new Command('attestation')
    .description('judge one attestation document of an AWS Nitro enclave')
    .argument('<file>', 'the document')
    .requiredOption('--at <time>', 'RFC 3339 time, or the word document', time)
    .option('--root <pem>', 'file with the one root certificate to trust (default: that of AWS)')
    .option('--json', 'print one line of JSON', false)
    .addHelpText('after', help)
    .action(attestation)

function attestation(file: string, { at, root: rootFile, json }: Options): void {
  const document = read(file, 'the document')
  const root = rootFile === undefined ? awsNitroRoot : readRoot(rootFile)
  const judgement = judge(document, { root, at })
  process.stdout.write(json ? `${JSON.stringify(toJson(judgement))}\n` : showJudgement(judgement))
  process.exitCode = judgement.rejection ? 1 : 0
}

function judge(document: Uint8Array, expected: Pick<AttestationExpectations, 'root' | 'at'>): Judgement {
  try {
    return { ...expected, attestation: verifyAttestation(document, expected) }
  } catch (error) {
    if (error instanceof Rejection) return { ...expected, rejection: error }
    throw error
  }
}

function readRoot(path: string): Uint8Array {
  const pem = new TextDecoder().decode(read(path, 'the root'))
  try {
    return rootOfPem(pem)
  } catch (cause) {
    throw new Fault('ROOT_MALFORMED', `${path} does not hold exactly one certificate in PEM`, {
      next: 'name a file with one block that begins with -----BEGIN CERTIFICATE-----',
      exitCode: 2,
      cause,
    })
  }
}

function read(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `${what} cannot be read from ${path}`, {
      next: 'name a file that exists and that you may read',
      exitCode: 2,
      cause,
    })
  }
}

function time(text: string): AttestationExpectations['at'] {
  if (text === 'document') return text
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text)
  throw new InvalidArgumentError('Write it as 2026-01-03T20:41:00Z, or write document.')
}
