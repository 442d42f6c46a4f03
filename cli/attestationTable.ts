/** How the verdict on an attestation document is told: to people as a table, to programs as JSON. */
import { X509Certificate } from 'node:crypto'
import type { Rejection, RejectionCode } from '../attestation/rejection.ts'
import { awsNitroRoot } from '../attestation/roots.ts'
import type { Attestation, AttestationExpectations } from '../attestation/verify.ts'

export interface Judgement extends Pick<AttestationExpectations, 'root' | 'at'> {
  /** One of the two is there. */
  readonly attestation?: Attestation
  readonly rejection?: Rejection
}

/** The checks, in the order in which they are made, and what each says. */
const checks = {
  envelope: 'COSE_Sign1 with ES384, in CBOR that can be read in one way only',
  fields: 'all that AWS demands, with its types and sizes',
  certificates: 'X.509 version 3 on P-384 with SHA-384, nothing critical unknown',
  root: 'the bundle begins with the pinned root',
  times: 'root, authorities and leaf are all valid at the time judged at',
  uses: 'authorities may certify, with as many below them as there are; the leaf may sign and is no authority',
  chain: 'each certificate is signed by the one above it',
  signature: 'the document is signed by its leaf',
  'debug mode': 'PCR0, PCR1 and PCR2 are not zero: its console is not open to the host',
  image: 'not checked: compare PCR0, PCR1 and PCR2 with those of the image that you reviewed',
  nonce: 'not checked: fresh only if it is the nonce that you chose',
  'user data': 'not checked: the enclave says them, AWS only carries them',
} as const
type Check = keyof typeof checks

const notChecked: readonly Check[] = ['image', 'nonce', 'user data']

/** The check that each code belongs to. */
const checkOf = {
  MALFORMED_CBOR: 'envelope',
  MALFORMED_COSE: 'envelope',
  WRONG_ALGORITHM: 'envelope',
  MISSING_FIELD: 'fields',
  FIELD_TYPE: 'fields',
  FIELD_SIZE: 'fields',
  FIELD_VALUE: 'fields',
  MALFORMED_CERTIFICATE: 'certificates',
  UNKNOWN_CRITICAL_EXTENSION: 'certificates',
  WRONG_ROOT: 'root',
  NOT_YET_VALID: 'times',
  EXPIRED: 'times',
  NOT_A_CA: 'uses',
  LEAF_IS_A_CA: 'uses',
  PATH_TOO_LONG: 'uses',
  KEY_USAGE: 'uses',
  BROKEN_CHAIN: 'chain',
  COSE_SIGNATURE: 'signature',
  DEBUG_MODE: 'debug mode',
  WRONG_PCR: 'image',
  WRONG_NONCE: 'nonce',
  WRONG_USER_DATA: 'user data',
} as const satisfies Record<RejectionCode, Check>

type Verdict = 'ok' | 'rejected' | 'not reached' | 'not checked'

function verdicts(rejection: Rejection | undefined): readonly (readonly [Check, Verdict])[] {
  const names = Object.keys(checks) as Check[]
  const failed = rejection ? names.indexOf(checkOf[rejection.code]) : names.length
  return names.map((name, place) => {
    if (place === failed) return [name, 'rejected']
    if (place > failed) return [name, 'not reached']
    return [name, notChecked.includes(name) ? 'not checked' : 'ok']
  })
}

/** Several lines, with a line feed at the end. */
export function showJudgement({ root, at, attestation, rejection }: Judgement): string {
  const head: [string, string][] = [
    ['trusted', `root ${hex(root)}, ${isAwsRoot(root) ? 'AWS Nitro Enclaves Root-G1' : 'NOT that of AWS'}`],
    ['judged at', typeof at === 'number' ? iso(at) : 'the time that the document names'],
    ...(attestation ? contents(attestation) : []),
  ]
  const list = verdicts(rejection).map(([name, verdict]): [string, string] => [
    name,
    verdict === 'ok' || verdict === 'not checked' ? `${verdict.padEnd(12)} ${told(name)}` : verdict,
  ])
  const verdict = rejection ? `rejected: ${rejection.code}: ${rejection.message}` : 'accepted'
  return `${[table(head), table(list), [verdict, ...(attestation ? caveats(root, at) : [])].join('\n')].join('\n\n')}\n`
}

const told = (name: Check): string => checks[name].replace(/^not checked: /, '')

function contents({ document, chain }: Attestation): [string, string][] {
  return [
    ['module', printable(document.moduleId)],
    ['made', `${iso(document.timestampMs)}, says its hypervisor`],
    ...[...document.pcrs].filter(isWorthTelling).map(([n, pcr]): [string, string] => [`PCR${n}`, hex(pcr)]),
    ['user data', optional(document.userData)],
    ['nonce', optional(document.nonce)],
    ['public key', optional(document.publicKey)],
    ...[...document.cabundle, document.certificate].map((der, n): [string, string] => [
      n === 0 ? 'root' : n < document.cabundle.length ? 'authority' : 'leaf',
      `${commonName(der)}, valid ${iso(chain[n]?.notBeforeMs ?? 0)} to ${iso(chain[n]?.notAfterMs ?? 0)}`,
    ]),
  ]
}

/** Registers above the image's are mostly unused, and then zero. */
const isWorthTelling = ([, pcr]: [number, Uint8Array]): boolean => pcr.some((byte) => byte !== 0)

function caveats(root: Uint8Array, at: Judgement['at']): readonly string[] {
  const signer = isAwsRoot(root) ? 'AWS' : 'whoever holds the key of that root, which is not AWS,'
  const rests = `It rests on P-384, on SHA-384, and on ${signer} signing for real enclaves only.`
  if (at !== 'document') return [rests]
  return [
    rests,
    'It was judged at the time that it names itself: this does not prove that it is fresh. Whoever kept it can show it for ever.',
  ]
}

/** What programs read; bytes in hex. */
export function toJson({ root, at, attestation, rejection }: Judgement): object {
  return {
    verdict: rejection ? 'rejected' : 'accepted',
    ...(rejection && { code: rejection.code, message: rejection.message }),
    root: hex(root),
    isAwsRoot: isAwsRoot(root),
    at: typeof at === 'number' ? iso(at) : 'document',
    checks: Object.fromEntries(verdicts(rejection)),
    ...(attestation && { document: documentJson(attestation) }),
  }
}

function documentJson({ document: { pcrs, certificate, cabundle, publicKey, userData, nonce, ...rest } }: Attestation) {
  return {
    ...rest,
    pcrs: Object.fromEntries([...pcrs].map(([n, pcr]) => [n, hex(pcr)])),
    publicKey: publicKey && hex(publicKey),
    userData: userData && hex(userData),
    nonce: nonce && hex(nonce),
    cabundle: cabundle.map(hex),
    certificate: hex(certificate),
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const optional = (bytes: Uint8Array | null): string => (bytes === null ? 'none' : hex(bytes) || 'empty')
const iso = (ms: number): string => new Date(ms).toISOString()
const isAwsRoot = (root: Uint8Array): boolean => hex(root) === hex(awsNitroRoot)
/** Nothing that a terminal would obey. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?')

function commonName(der: Uint8Array): string {
  return printable(/^CN=(.*)$/m.exec(new X509Certificate(der).subject)?.[1] ?? 'without a common name')
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}
