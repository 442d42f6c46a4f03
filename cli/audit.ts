/** `bursar audit`: the whole ledger computed again from public data, and every payment matched. */
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { type AuditReport, runAudit } from '../client/audit/audit.ts'
import { findDeployment } from '../client/chain/deployment.ts'
import { checkContinues } from '../client/checks/claims.ts'
import { type Client, createClient, createRpc, type Rpc } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'
import { auditPage } from './auditPage.ts'
import { download, type LogFile, openLogFile, treeOf } from './logFile.ts'
import { httpUrl } from './options.ts'
import { readDeployment, readTrust, type TrustOptions, withTrust } from './trustOption.ts'
import { exitCodeOf, tellTrouble } from './verdictExit.ts'

interface Options extends TrustOptions {
  readonly fromBlock?: bigint
  readonly log?: string
  readonly report?: string
  readonly json: boolean
}

const help = `
Checks every signature, replays every entry, computes the accounts root of every commit since the first again and holds it against
the chain, matches every payment with what was earned by then, every register with the events, every ticket with the broker's.
The log is kept in a file: run again, it fetches only what is new, and proves that the old part did not change.

Exit codes: 0 everything agrees, 1 something is wrong, 2 something could not be checked.`

export const auditCommand = (): Command =>
  withTrust(new Command('audit'))
    .description('compute a whole ledger again from public data, and match every payment')
    .argument('<url>', 'address of the daemon', httpUrl)
    .option('--from-block <number>', 'where the contract began (default: found by asking for its code)', BigInt)
    .option('--log <file>', 'where the log is kept (default: bursar-audit-CONTRACT.log)')
    .option('--report <name>', 'write NAME.html and NAME.json')
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', help)
    .action((url: string, options: Options) => tellTrouble(() => audit(url, options), options.json))

async function audit(url: string, options: Options): Promise<void> {
  const [client, rpc, trust] = [createClient({ url }), createRpc({ url: options.rpc }), readTrust(options)]
  const status = await client.status()
  const contract = trust.contract ?? status.verifyingContract
  const chainId = trust.chainId ?? status.chainId
  // By contract: the log of another one would look like a fork of this.
  const file = openLogFile(options.log ?? `bursar-audit-${contract}.log`)
  try {
    const logSize = await fetchLog(client, file, options.json)
    const report = await runAudit({
      rpc,
      contract,
      chainId,
      trust,
      logSize,
      fromBlock: options.fromBlock ?? readDeployment(options)?.fromBlock ?? (await firstBlock(rpc, contract)),
      entries: async (from, count) => file.read(from, count),
      onProgress: options.json
        ? () => undefined
        : (step, totals) => progress(totals ? `${step}: ${totals.events} events` : step),
    })
    tell(report, options)
  } finally {
    file.close()
  }
}

/** Brings the file up to what the daemon holds. @returns the entries in it @throws ProvedLie where what it held before is no prefix any more */
async function fetchLog(client: Client, file: LogFile, isQuiet: boolean): Promise<number> {
  const { size, root } = await client.log()
  if (file.size > 0) {
    const older = { size: file.size, root: treeOf(file).root() }
    checkContinues(older, { size, root }, older.size > size ? [] : await client.consistency(older.size, size))
  }
  await download(client, file, size, (entries) =>
    isQuiet ? undefined : progress(`log: ${entries} of ${size} entries`),
  )
  return size
}

const firstBlock = async (rpc: Rpc, contract: Hex): Promise<bigint> =>
  findDeployment(rpc, contract, (await rpc.block()).number)

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function tell(report: AuditReport, { report: name, json }: Options): void {
  progress('')
  const text = JSON.stringify(report, (_, value) => (typeof value === 'bigint' ? `${value}` : value), json ? 0 : 2)
  if (name !== undefined) {
    writeFileSync(`${name}.json`, `${text}\n`)
    writeFileSync(`${name}.html`, auditPage(report, new Date()))
  }
  process.stdout.write(json ? `${text}\n` : summary(report))
  process.exitCode = exitCodeOf(report.verdict)
}

function summary({ verdict, totals, findings, ...report }: AuditReport): string {
  const lines = [
    `contract   ${report.contract} on chain ${report.chainId}, up to block ${report.block}`,
    `log        ${totals.entries} entries, ${totals.events} events, every signature checked`,
    `anchors    ${totals.anchors} of ${report.counter} commits computed again, ${totals.struck} struck out, ${report.boots} boots`,
    `payments   ${totals.payments}, and ${totals.claims} claims`,
    `earned     ${report.earnedWei} wei`,
    `paid       ${report.paidWei} wei`,
    `owed       ${report.owedWei} wei, and the treasury holds ${report.balanceWei}`,
    ...findings.map(({ code, said, facts }) => `${code}: ${said} ${JSON.stringify(facts)}`),
    { holds: 'Everything agrees.', fault: 'SOMETHING IS WRONG.', unknown: 'Not everything could be checked.' }[verdict],
  ]
  return `${lines.join('\n')}\n`
}
