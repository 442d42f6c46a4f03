/** The core in an emulated enclave over vsock, beside the same core as a process over a unix socket. What is slow in it is the emulated processor. */

import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { createChildren } from '../anvil/children.ts'
import { createEnclaves } from '../anvil/emulator/enclaves.ts'
import { isEmulatorBuilt, makeTestImage } from '../anvil/emulator/testImage.ts'
import { waitFor } from '../anvil/waiting.ts'
import { type CoreConnection, connectCore } from '../daemon/enclaveClient.ts'
import { entryLeaf } from '../ledger/entry.ts'
import { toHex } from '../ledger/hex.ts'
import { firstHead, hints } from './core.ts'
import { type BatchSource, createSource, makeConfiguration } from './ledger.ts'
import { type Bench, inPairs, median, show } from './measure.ts'

const roundTrips = 50
const batches = 10
const eventsPerBatch = 100

export const vsock: Bench = {
  name: 'vsock',
  async run(say) {
    if (!isEmulatorBuilt()) {
      say('skipped: the emulator is not built (npm run emulator)')
      return []
    }
    const enclaves = createEnclaves()
    const image = makeTestImage(enclaves.folder)
    const enclave = await enclaves.boot(image)
    say(`booted in ${show(enclave.bootMs / 1000)} s, ${show(image.manifest.eif.bytes / 2 ** 20)} MiB`)
    const inEnclave = await open(await enclave.connect())
    const local = startProcess(enclaves.folder)
    const asProcess = await open(await local.connect())
    say('round trips')
    const trips = await inPairs(
      5,
      () => tripMs(inEnclave),
      () => tripMs(asProcess),
    )
    say('batches')
    const events = await inPairs(
      5,
      () => eventsPerSecond(inEnclave),
      () => eventsPerSecond(asProcess),
    )
    inEnclave.core.close()
    asProcess.core.close()
    await local.stop()
    await enclaves.close()
    const row = { id: '', goal: 'told', isReached: undefined }
    return [
      {
        ...row,
        what: 'a core in emulation over vsock: one round trip, beside a process over a unix socket',
        measured: `${show(trips.ratio)} (${show(trips.ours)} ms against ${show(trips.theirs)} ms)`,
      },
      {
        ...row,
        what: `the same: events a second in batches of ${eventsPerBatch}`,
        measured: `${show(events.ratio)} (${show(events.ours)} against ${show(events.theirs)})`,
      },
    ]
  },
}

interface Opened {
  readonly core: CoreConnection
  readonly source: BatchSource
}

async function open(core: CoreConnection): Promise<Opened> {
  // A core in an enclave is born only with a place for its state key; nobody asks for the key here.
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const kmsKeys = [toHex(publicKey.export({ type: 'spki', format: 'der' }))]
  await core.request('genesis', { configuration: { ...makeConfiguration({}), kmsKeys }, logBegins: null })
  await core.request('open_epoch', { head: firstHead(), hints })
  return { core, source: createSource({ eventsPerBatch, payees: 1_000 }) }
}

async function tripMs({ core }: Opened): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < roundTrips; i++) {
    const startMs = performance.now()
    await core.request('status', {})
    times.push(performance.now() - startMs)
  }
  return median(times)
}

async function eventsPerSecond({ core, source }: Opened): Promise<number> {
  const entries = Array.from({ length: batches }, () => source.next(0))
  const startMs = performance.now()
  await Promise.all(entries.map((entry) => core.request('apply_event', { entries: [entry].map(entryLeaf) })))
  return (1000 * batches * eventsPerBatch) / (performance.now() - startMs)
}

function startProcess(folder: string) {
  const { signal } = new AbortController()
  const endpoint = `unix:${join(folder, 'process.sock')}`
  const child = createChildren().start({
    name: 'core',
    file: process.execPath,
    args: [join(import.meta.dirname, '../anvil/localCore.ts'), '--listen', endpoint, '--dir', folder],
    logPath: join(folder, 'process.log'),
  })
  return {
    connect: () =>
      waitFor({ what: 'no core', timeoutMs: 30_000, signal }, () =>
        connectCore(endpoint, signal).catch(() => undefined),
      ),
    stop: () => child.stop(),
  }
}
