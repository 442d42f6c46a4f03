/** `bursar kms policy`: the key policy under which only cores of one image get their state key back. */
import { type Command, InvalidArgumentError } from 'commander'
import { keyPolicy } from './kmsPolicy.ts'
import { type MeasurementOptions, withMeasurement } from './measurement.ts'

interface Options extends MeasurementOptions {
  readonly host: string
  readonly admin: readonly string[]
}

const meaning = `
What this policy means:
- Only a core of this image gets the shared secret: KMS checks its attestation document, and encrypts to the core's own key. Whoever
  runs the host carries it and cannot read it. Without a document, or in debug mode, KMS refuses, whoever asks.
- Whoever is named with --admin may put another policy, for another image, and so take the core's key. No administrator should be
  a person alone, or run the host: let the role need a quorum, and watch PutKeyPolicy in CloudTrail. What the contract's cap and
  guardian then still bound is in docs/SECURITY.md.
- The account itself is not named. If every administrator is deleted, only AWS support can change the policy again.
- Put it when the key is created, with KeyUsage KEY_AGREEMENT, KeySpec ECC_NIST_P384 and Origin AWS_KMS: a key that was imported,
  or that had another policy before, may be known to somebody.
- An upgrade needs this policy for the new image, and the old image listed in the new one. The old image then gets nothing.
`

/** Adds the command: what it holds takes on the settings of `program`. */
export function addKmsCommand(program: Command): void {
  const kms = program.command('kms').description('what AWS KMS must know')
  withMeasurement(kms.command('policy'))
    .description('print a key policy for one image (the policy to standard output, its meaning to standard error)')
    .requiredOption('--host <arn>', 'the role of the machine that hosts the core', principal)
    .requiredOption('--admin <arn>', 'who may read and change the policy; give it several times for several', collect)
    .action(policy)
}

function policy({ pcr0, pcr1, pcr2, host, admin }: Options): void {
  process.stdout.write(`${JSON.stringify(keyPolicy({ pcrs: [pcr0, pcr1, pcr2], host, admins: admin }), null, 2)}\n`)
  process.stderr.write(meaning)
}

function principal(text: string): string {
  if (/^arn:aws[a-z-]*:(iam|sts)::\d{12}:(role|user|assumed-role)\/\S+$/.test(text)) return text
  throw new InvalidArgumentError('Write the ARN of a role or user: an account, or *, would be anybody in it.')
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, principal(text)]
