/** What an attestation document says. The rules are AWS's: https://github.com/aws/aws-nitro-enclaves-nsm-api, docs/attestation_process.md, 3.2.2. */
import { type Cbor, type CborMap, decodeCbor, isCborMap } from './cbor.ts'
import { Rejection } from './rejection.ts'

export interface AttestationDocument {
  /** The instance and its enclave. */
  readonly moduleId: string
  readonly digest: 'SHA384'
  /** Of the hypervisor's clock, milliseconds since 1970. */
  readonly timestampMs: number
  /** Measurements by register; 0, 1 and 2 (the image, its kernel, its applications) are always there. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** DER; its key signed the document. */
  readonly certificate: Uint8Array
  /** DER; the root first, the issuer of `certificate` last. */
  readonly cabundle: readonly Uint8Array[]
  readonly publicKey: Uint8Array | null
  readonly userData: Uint8Array | null
  readonly nonce: Uint8Array | null
}

/** Registers that say what runs. */
export const imageRegisters = [0, 1, 2] as const
/** The last millisecond that a Date can tell. */
const timestampMsMax = 8_640_000_000_000_000
const certificateBytesMax = 1024
const publicKeyBytesMax = 1024
const userBytesMax = 512

/** Reads a payload whose signature is not checked. @throws Rejection `MALFORMED_CBOR`, `MISSING_FIELD`, `FIELD_TYPE`, `FIELD_SIZE` or `FIELD_VALUE` */
export function readDocument(payload: Uint8Array): AttestationDocument {
  const fields = decodeCbor(payload)
  if (!isCborMap(fields)) throw wrongType('the payload', 'a map')
  return {
    moduleId: moduleId(required(fields, 'module_id')),
    digest: digest(required(fields, 'digest')),
    timestampMs: timestamp(required(fields, 'timestamp')),
    pcrs: registers(required(fields, 'pcrs')),
    certificate: bytes(required(fields, 'certificate'), 'certificate', 1, certificateBytesMax),
    cabundle: bundle(required(fields, 'cabundle')),
    publicKey: optionalBytes(fields, 'public_key', 1, publicKeyBytesMax),
    userData: optionalBytes(fields, 'user_data', 0, userBytesMax),
    nonce: optionalBytes(fields, 'nonce', 0, userBytesMax),
  }
}

function required(fields: CborMap, name: string): Cbor {
  const value = fields.get(name) ?? null
  if (value === null) throw new Rejection('MISSING_FIELD', `the document has no ${name}`)
  return value
}

function moduleId(value: Cbor): string {
  if (typeof value !== 'string') throw wrongType('module_id', 'text')
  if (value === '') throw new Rejection('FIELD_SIZE', 'module_id is empty')
  return value
}

function digest(value: Cbor): 'SHA384' {
  if (value !== 'SHA384') throw new Rejection('FIELD_VALUE', 'digest is not SHA384')
  return value
}

function timestamp(value: Cbor): number {
  if (typeof value !== 'number') throw wrongType('timestamp', 'a whole number')
  if (value === 0 || value > timestampMsMax) throw new Rejection('FIELD_VALUE', 'timestamp is no time')
  return value
}

function registers(value: Cbor): ReadonlyMap<number, Uint8Array> {
  if (!isCborMap(value)) throw wrongType('pcrs', 'a map')
  for (const register of imageRegisters)
    if (!value.has(register)) throw new Rejection('MISSING_FIELD', `the document has no PCR${register}`)
  return new Map([...value].map(([index, content]) => [registerIndex(index), register(content, `PCR${index}`)]))
}

function registerIndex(index: number | string): number {
  if (typeof index !== 'number') throw wrongType('an index of pcrs', 'a whole number')
  if (index > 31) throw new Rejection('FIELD_VALUE', `there is no PCR${index}`)
  return index
}

function register(value: Cbor, name: string): Uint8Array {
  const content = bytes(value, name, 32, 64)
  if (content.length % 16 !== 0) throw new Rejection('FIELD_SIZE', `${name} has ${content.length} bytes`)
  return content
}

function bundle(value: Cbor): readonly Uint8Array[] {
  if (!Array.isArray(value)) throw wrongType('cabundle', 'a list')
  if (value.length === 0) throw new Rejection('FIELD_SIZE', 'cabundle is empty')
  return value.map((item) => bytes(item, 'an item of cabundle', 1, certificateBytesMax))
}

/** AWS's rules know no null; its hypervisors write it for what was not asked for. */
function optionalBytes(fields: CborMap, name: string, least: number, most: number): Uint8Array | null {
  const value = fields.get(name) ?? null
  return value === null ? null : bytes(value, name, least, most)
}

function bytes(value: Cbor, name: string, least: number, most: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrongType(name, 'bytes')
  if (value.length < least || value.length > most)
    throw new Rejection('FIELD_SIZE', `${name} has ${value.length} bytes, not ${least} to ${most}`)
  return value
}

const wrongType = (name: string, wanted: string): Rejection => new Rejection('FIELD_TYPE', `${name} is not ${wanted}`)
