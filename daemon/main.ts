/** Starts the daemon: the only reader of the environment and of signals. Exit 1: do not restart me; 75: try again. */
import { readFileSync, statSync } from 'node:fs'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { hexToBytes } from 'viem'
import { type Carrier, createRelayer } from './chain/carriers.ts'
import type { Chain } from './chain/chain.ts'
import { createChain } from './chain/rpc.ts'
import { type Config, ConfigFaults, type LaneConfig, loadConfig } from './config.ts'
import { runDaemon } from './daemon.ts'
import { Fatal } from './errors.ts'
import { kmsPlacesOf } from './kms.ts'
import type { LaneParts } from './lane.ts'
import { createLog } from './log.ts'
import { storeErrorOf } from './store/database.ts'
import { openStore } from './store/open.ts'

const tryAgain = 75

/** @returns the exit code */
async function main(signal: AbortSignal): Promise<number> {
  const config = readConfig()
  if (!config) return 1
  const { host } = config
  const log = createLog(host.logLevel, process.stdout)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the daemon has a fault')
    process.exit(tryAgain)
  })
  try {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const lanes = config.lanes.map((lane) => ({ config: lane, open: (own: Logger) => open(lane, own) }))
    await runDaemon({ host, lanes, log, registry }, signal)
    log.info('stopped')
    return 0
  } catch (error) {
    log.fatal({ err: error, code: storeErrorOf(error)?.code }, 'the daemon cannot go on')
    return error instanceof Fatal ? error.exitCode : tryAgain
  }
}

const open = async (lane: LaneConfig, log: Logger): Promise<LaneParts> => ({
  relayer: relayerOf(lane),
  chain: chainOf(lane, log),
  kms: kmsPlacesOf(lane.kms),
  store: await openStore(lane.store, lane.rules.hash),
})

function readConfig(): Config | undefined {
  try {
    return loadConfig({
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      modeOf: (path) => statSync(path).mode,
    })
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    createLog('info', process.stdout).fatal({ faults: error.faults }, 'the configuration has faults')
    return undefined
  }
}

function chainOf({ rpcUrls, rules, roundsManager, bondingManager }: LaneConfig, log: Logger): Chain {
  const { chainId, verifyingContract: treasury, broker } = rules.configuration
  return createChain({ rpcUrls, chainId, treasury, broker, roundsManager, bondingManager, log })
}

/** @throws Fatal 1 without a word of the key */
function relayerOf({ relayerKey, rules }: LaneConfig): Carrier | undefined {
  if (relayerKey === null) return undefined
  const { chainId, verifyingContract: treasury } = rules.configuration
  if ((statSync(relayerKey).mode & 0o077) !== 0) throw new Fatal(`others can read ${relayerKey}: chmod 600 it`, 1)
  const digits = readFileSync(relayerKey, 'utf8').trim().replace(/^0x/, '')
  try {
    return createRelayer({ secretKey: hexToBytes(`0x${digits}`, { size: 32 }), chainId, treasury })
  } catch {
    throw new Fatal(`${relayerKey} does not hold a key: 64 hex digits`, 1) // the cause would show it
  }
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
process.exit(await main(stop.signal))
