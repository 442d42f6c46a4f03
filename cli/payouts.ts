/** `bursar payouts`: what was paid, or, as a dry run, what would be. */
import { Command } from 'commander'
import { ether } from '../client/ether.ts'
import type { Payout } from '../client/index.ts'
import { payoutPlanAnswer } from '../client/operatorApi.ts'
import type { LaneAndHost } from '../daemon/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { address } from './options.ts'
import { daemonClient, operatorClient, readLane, type SettingsOptions, withSettings } from './settings.ts'
import { leftOutTable, timeOf } from './status.ts'
import { json, print, table } from './table.ts'

interface Options extends SettingsOptions {
  readonly payee?: Hex
  readonly dryRun: boolean
}

const shown = 50

export const payoutsCommand = (): Command =>
  withSettings(new Command('payouts'))
    .description(
      'the last payouts, made and failed, and claims; or who would be paid now, and why everyone else would not',
    )
    .option('--payee <address>', 'of this payee only', address)
    .option('--dry-run', 'ask the daemon what it would pay now; nothing is signed or sent', false)
    .addHelpText('after', '\nExit codes: 0, 2 the settings have faults, 75 the daemon does not answer.')
    .action(payouts)

async function payouts({ json: isJson, payee, dryRun, ...options }: Options): Promise<void> {
  const settings = readLane({ ...options, json: isJson })
  if (dryRun) return preview(settings, isJson, payee)
  const answer = await daemonClient(settings).payouts({ limit: shown, ...(payee ? { payee } : {}) })
  if (isJson) return print(json(answer))
  print(table(['when', 'commit', 'payee', 'rail', 'ETH', 'outcome'], answer.payouts.map(rowOf)))
}

const rowOf = ({ at, counter, payee, rail, amountWei, status, reason }: Payout): string[] => [
  timeOf(at),
  counter === null ? '' : `${counter}`,
  payee,
  rail,
  ether(amountWei),
  reason === null ? status : `${status}: ${reason}`,
]

async function preview(settings: LaneAndHost, isJson: boolean, payee?: Hex): Promise<void> {
  const answer = await operatorClient(settings).ask(payoutPlanAnswer, '/operator/payouts')
  const mine = <T extends { payee: Hex }>(all: readonly T[]): readonly T[] =>
    payee ? all.filter((one) => one.payee === payee) : all
  const [payments, leftOut] = [mine(answer.payments), mine(answer.leftOut)]
  if (isJson) return print(json({ ...answer, payments, leftOut }))
  const sum = payments.reduce((total, { amountWei }) => total + amountWei, 0n)
  const rows = payments.map(({ payee: to, rail, amountWei }) => [to, rail, ether(amountWei)])
  print(payments.length > 0 ? table(['payee', 'rail', 'ETH'], rows) : 'nobody would be paid now')
  print(`\n${payments.length} payments, ${ether(sum)} ETH`)
  if (leftOut.length > 0) print(`\nnot paid:\n${leftOutTable(leftOut)}`)
}
