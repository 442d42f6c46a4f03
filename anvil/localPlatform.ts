/**
 * The platform of a machine that is no enclave: real attestation documents, under a root that anyone with this folder can
 * sign for. For development and tests; no image contains it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement } from '../attestation/verify.ts'
import type { Platform } from '../enclave/platform.ts'
import { writeDocument } from './document.ts'
import { readIfThere, writePrivate } from './durable.ts'
import { developmentPcrs, measureSources } from './measurement.ts'
import { openPki } from './pki.ts'

export interface LocalPlatformOptions {
  /** Where authority and state key are kept: private, made on first use. */
  readonly folder: string
  /** Root of the project, whose sources are measured. */
  readonly project?: string
  /** Instead of what the sources measure. */
  readonly pcrs?: ReadonlyMap<number, Uint8Array>
  readonly predecessors?: readonly Measurement[]
  readonly now?: () => number
}

/** Makes the platform; the files of `folder` appear, the sources are measured once. */
export function createLocalPlatform({
  folder,
  project = join(import.meta.dirname, '..'),
  pcrs = developmentPcrs(measureSources(project)),
  predecessors = [],
  now = Date.now,
}: LocalPlatformOptions): Platform & Required<Pick<Platform, 'stateKey'>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pki = openPki({ folder, now })
  const [root] = pki.authorities
  const moduleId = `i-00000000000000000-enc${randomBytes(8).toString('hex')}`
  const stateKeyPath = join(folder, 'state.key')

  return {
    attest: (request) => writeDocument(pki, { moduleId, timestampMs: now(), pcrs, request }),
    random: (length) => randomBytes(length),
    trust: { root: new Uint8Array(createHash('sha256').update(root).digest()), predecessors },
    stateKey: {
      load: () => readIfThere(stateKeyPath),
      save(key) {
        keepEarlier(stateKeyPath)
        writePrivate(stateKeyPath, key)
      },
    },
    warnings: ['attestation under a development root: it proves nothing to others'],
  }
}

/** A key that was there before is kept beside, numbered: a genesis by mistake must not cost the state that it opened. */
function keepEarlier(path: string): void {
  const earlier = readIfThere(path)
  if (!earlier) return
  let number = 1
  while (existsSync(`${path}.${number}`)) number++
  writePrivate(`${path}.${number}`, earlier)
}
