/** Puts the daemon together: its lanes behind two listeners. Nothing begins before `run`. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { createApp } from './app.ts'
import type { HostConfig } from './config.ts'
import { createKeeper, type LaneOrder } from './keeper.ts'
import { createHttpMetrics } from './metrics.ts'
import { createOperatorApp } from './operatorApp.ts'
import { aborted } from './pause.ts'
import { createPlaces } from './places.ts'

export interface DaemonOptions {
  readonly host: HostConfig
  readonly lanes: readonly LaneOrder[]
  readonly log: Logger
  /** Where the numbers of the process are kept. */
  readonly registry: Registry
}

/** Runs the daemon until the signal aborts, then stops it in good order. @throws Fatal where no lane can go on */
export async function runDaemon({ host, lanes, log, registry }: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { limits, operator, operatorToken } = host
  const http = createHttpMetrics(registry)
  const shared = { limits, http, places: createPlaces(limits.streams, http), log }
  const keepers = lanes.map((lane) => createKeeper(lane, shared))
  const front = { host, keepers, http, registry, log }
  const server = createApp(front)
  const operatorServer = operatorToken === undefined ? undefined : createOperatorApp(front, operatorToken)

  const servers = operatorServer ? [server, operatorServer] : [server]
  const stop = new AbortController()
  const kept = keepers.map((keeper) => keeper.run(stop.signal))
  const ended = endOf(kept)
  try {
    // As soon as there is anything to tell: a lane that reads for long does not keep the others waiting.
    await Promise.race([...keepers.map(({ settled }) => settled), ended, aborted(signal)])
    log.info({ url: await listen(server, host.listen) }, 'listening')
    if (operator && operatorServer)
      log.info({ url: await listen(operatorServer, operator.listen) }, 'listening for the operator')
    await Promise.race([ended, aborted(signal)])
  } finally {
    const closed = servers.map((one) => new Promise((resolve) => one.close(resolve)))
    stop.abort()
    await Promise.allSettled(kept)
    await Promise.race([Promise.all(closed), sleep(stopMsMax)])
    for (const one of servers) one.closeAllConnections()
  }
}

/** Rejects when no lane is left, with what the first of them could not get over. */
async function endOf(kept: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(kept)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** What a client still reads by then is cut off. */
const stopMsMax = 2_000

async function listen(server: Server, address: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string]
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return `http://${host}:${actual}`
}
