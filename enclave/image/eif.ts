/**
 * Enclave image files, version 4, as nitro-cli builds and boots them, and what Nitro measures of them. All numbers are
 * big-endian: a header of 548 bytes with the offsets of all sections, then each section behind 12 bytes of its own.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What an image holds. */
export interface ImageParts {
  readonly kernel: Uint8Array
  readonly commandLine: string
  /** The first is measured with the kernel (PCR1), the others are the application (PCR2). */
  readonly ramdisks: readonly [Uint8Array, ...Uint8Array[]]
  /** Not measured. */
  readonly metadata: unknown
}

/** PCR0, PCR1, PCR2 as lower-case hex: the whole image; kernel, command line and first ramdisk; the other ramdisks. */
export interface Registers {
  readonly pcr0: string
  readonly pcr1: string
  readonly pcr2: string
}

const version = 4
const headerBytes = 548
const sectionHeaderBytes = 12
const sectionsMax = 32
const checksumAt = headerBytes - 4
const sectionKind = { kernel: 1, commandLine: 2, ramdisk: 3, metadata: 5 } as const
const defaultMemoryBytes = 1024n ** 3n
const defaultCpus = 2n

/** The file, in the order in which nitro-cli writes its sections. */
export function writeEif({ kernel, commandLine, ramdisks, metadata }: ImageParts): Uint8Array {
  const sections: [number, Uint8Array][] = [
    [sectionKind.kernel, kernel],
    [sectionKind.commandLine, Buffer.from(commandLine)],
    [sectionKind.metadata, Buffer.from(JSON.stringify(metadata))],
    ...ramdisks.map((ramdisk): [number, Uint8Array] => [sectionKind.ramdisk, ramdisk]),
  ]
  const header = Buffer.alloc(headerBytes)
  header.write('.eif', 'latin1')
  header.writeUInt16BE(version, 4)
  header.writeBigUInt64BE(defaultMemoryBytes, 8)
  header.writeBigUInt64BE(defaultCpus, 16)
  header.writeUInt16BE(sections.length, 26)
  const parts: Uint8Array[] = []
  let at = headerBytes
  for (const [index, [kind, data]] of sections.entries()) {
    header.writeBigUInt64BE(BigInt(at), 28 + 8 * index)
    header.writeBigUInt64BE(BigInt(data.length), 28 + 8 * sectionsMax + 8 * index)
    const head = Buffer.alloc(sectionHeaderBytes)
    head.writeUInt16BE(kind)
    head.writeBigUInt64BE(BigInt(data.length), 4)
    parts.push(head, data)
    at += head.length + data.length
  }
  header.writeUInt32BE(checksum(header, parts), checksumAt)
  return Buffer.concat([header, ...parts])
}

/** CRC-32 over everything but itself. */
const checksum = (header: Uint8Array, parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => crc32(part, sum), crc32(header.subarray(0, checksumAt)))

/** What a Nitro Secure Module reports of this image when it was booted without debug mode. */
export function measure({ kernel, commandLine, ramdisks }: ImageParts): Registers {
  const [first, ...others] = ramdisks
  const boot = [kernel, Buffer.from(commandLine), first]
  return { pcr0: register([...boot, ...others]), pcr1: register(boot), pcr2: register(others) }
}

/** A register is born as 48 zeros and extended once. */
function register(parts: readonly Uint8Array[]): string {
  const content = createHash('sha384')
  for (const part of parts) content.update(part)
  return createHash('sha384').update(Buffer.alloc(48)).update(content.digest()).digest('hex')
}
