/** `bursar status`: what the daemon does, and what waits. */
import { Command } from 'commander'
import { ether } from '../client/ether.ts'
import { operatorStatusAnswer } from '../client/operatorApi.ts'
import type { LaneAndHost } from '../daemon/config.ts'
import { type Told, tellEachLane } from './eachLane.ts'
import { daemonClient, operatorClient, type SettingsOptions, withSettings } from './settings.ts'
import { table } from './table.ts'

const help = '\nExit codes: 0 an epoch is open, 1 it is not, 2 the settings have faults, 75 the daemon does not answer.'

export const statusCommand = (): Command =>
  withSettings(new Command('status'))
    .description('what the daemon does, how far it is, and who waits for money')
    .addHelpText('after', help)
    .action((options: SettingsOptions) => tellEachLane(options, statusOf))

async function statusOf(lane: LaneAndHost): Promise<Told> {
  const client = daemonClient(lane)
  const [tee, ledger] = await Promise.all([client.status(), client.ledgerHead()])
  const own = lane.operator ? await operatorClient(lane).ask(operatorStatusAnswer, '/operator/status') : undefined
  const { head, totalEarnedWei, totalPaidWei, logSize } = ledger
  const rows = [
    ['state', tee.state],
    ['core', `${tee.core?.phase ?? 'not connected'}${tee.core?.address ? ` ${tee.core.address}` : ''}`],
    ['head', head ? `epoch ${head.epoch}, commit ${head.counter}` : 'the contract was not seen yet'],
    ['log', `${logSize} entries, ${ledger.anchored?.commitment.logSize ?? 0n} of them anchored`],
    ['earned', `${ether(totalEarnedWei)} ETH`],
    ['paid', `${ether(totalPaidWei)} ETH`],
  ]
  if (own?.chain) {
    const { treasuryWei, roomWei, gasAccountWei, silentAt } = own.chain
    rows.push(['treasury', `${ether(treasuryWei)} ETH, ${ether(roomWei)} of it may leave now`])
    rows.push(['gas account', `${ether(gasAccountWei)} ETH`])
    rows.push(['silence', silentAt === null ? 'begins with the first commit' : `until ${timeOf(silentAt)}`])
  }
  const left = own && own.leftOut.length > 0 ? `\n\nleft out of the last payout:\n${leftOutTable(own.leftOut)}` : ''
  return {
    exitCode: tee.isEpochOpen ? 0 : 1,
    answer: { tee, ledger, operator: own ?? null },
    text: table(['', ''], rows).trimStart() + left,
  }
}

/** Unix seconds in ISO 8601, UTC. */
export const timeOf = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString()

/** Payees that wait, how much for, and why. */
export const leftOutTable = (
  leftOut: readonly { payee: string; owedWei: bigint; reason: string; detail: string | null }[],
): string =>
  table(
    ['payee', 'owed ETH', 'why'],
    leftOut.map(({ payee, owedWei, reason, detail }) => [
      payee,
      ether(owedWei),
      detail ? `${reason}: ${detail}` : reason,
    ]),
  )
