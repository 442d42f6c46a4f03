/** The audit of a monitor: goes on with each look, and begins anew where the chain or an admission takes something back. */
import { type Auditor, createAuditor, findStruck } from '../../client/audit/auditor.ts'
import { commitmentOf, decodeEvent } from '../../client/chain/events.ts'
import type { RawLog } from '../../client/chain/rpc.ts'
import type { Treasury } from '../../client/chain/treasury.ts'
import type { Client } from '../../client/index.ts'
import type { Domain } from '../../ledger/typedData.ts'
import { download, type LogFile } from '../logFile.ts'

export interface ReplayOptions {
  readonly client: Client
  readonly treasury: Treasury
  readonly domain: Domain
  readonly file: LogFile
  readonly fromBlock: bigint
}

export function createReplay({ client, treasury, domain, file, fromBlock }: ReplayOptions) {
  let logs: RawLog[] = []
  let fed = 0
  let cursor: { readonly number: bigint; readonly hash: string } | undefined
  let auditor = begin()
  /** Whether the file holds what this process fetched, and not what a disk made of it since. */
  let isFresh = file.size === 0

  function begin(): Auditor {
    return createAuditor({ domain, entries: async (from, count) => file.read(from, count) })
  }
  const restart = (): void => {
    auditor = begin()
    fed = 0
  }

  /** Reads what the chain has more of; forgets everything where it went back. */
  async function readChain(upTo: bigint): Promise<void> {
    if (cursor && (await treasury.rpc.block(cursor.number)).hash !== cursor.hash) {
      logs = []
      cursor = undefined
      restart()
    }
    const from = cursor ? cursor.number + 1n : fromBlock
    if (from > upTo) return
    const { hash } = await treasury.rpc.block(upTo)
    const fresh: RawLog[] = []
    for await (const part of treasury.logs(from, upTo)) fresh.push(...part.logs)
    logs.push(...fresh)
    cursor = { number: upTo, hash }
    // What was held against the log may have been struck out by it.
    if (fresh.some((log) => decodeEvent(log)?.name === 'Admitted')) restart()
  }

  async function feedAll(): Promise<void> {
    const struck = findStruck(logs)
    for (const log of logs) {
      const event = decodeEvent(log)
      if (event?.name === 'Admitted') auditor.admit(event.args.configHash)
    }
    for (; fed < logs.length; fed++) {
      const log = logs[fed] as RawLog
      const event = decodeEvent(log)
      // Fetched before it is needed: an auditor that is fed must not be left in the middle of it.
      if (event?.name === 'Committed' && !struck.has(log))
        await download(client, file, Number(commitmentOf(event).logSize), () => undefined)
      await auditor.feed(log, { isStruck: struck.has(log) })
    }
  }

  return {
    get auditor(): Auditor {
      return auditor
    },
    /** Takes in all up to a block. @throws NotChecked, ApiError: nothing is lost, the next look goes on */
    async catchUp(upTo: bigint): Promise<void> {
      await readChain(upTo)
      await feedAll()
      if (isFresh || auditor.findings.length === 0) return
      // The file may be spoilt: only what has just been fetched again counts against the daemon.
      isFresh = true
      file.clear()
      restart()
      await feedAll()
    },
  }
}
