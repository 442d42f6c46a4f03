/** `bursar doctor`: everything that the daemon needs, each line well or with the next step. */
import { Command } from 'commander'
import { trust } from '../client/index.ts'
import { checkChain } from './doctor/chainChecks.ts'
import { checkCore } from './doctor/coreChecks.ts'
import type { Finding } from './doctor/finding.ts'
import { checkHost } from './doctor/hostChecks.ts'
import { tellEachLane } from './eachLane.ts'
import { readJsonFile } from './jsonFile.ts'
import { type SettingsOptions, withSettings } from './settings.ts'

interface Options extends SettingsOptions {
  readonly trust?: string
}

const help = '\nExit codes: 0 nothing failed, 1 something did, 2 the settings have faults.'

export const doctorCommand = (): Command =>
  withSettings(new Command('doctor'))
    .description('check chain, contract, core, KMS, store, clock and balances')
    .option('--trust <file>', 'JSON with the attestation root and the images that you trust')
    .addHelpText('after', help)
    .action(doctor)

async function doctor({ trust: path, ...options }: Options): Promise<void> {
  const trusted = path === undefined ? undefined : readJsonFile(path, 'file of what you trust', trust)
  await tellEachLane(options, async (lane) => {
    const findings = (await Promise.all([checkChain(lane), checkCore(lane, trusted), checkHost(lane)])).flat()
    const isWell = findings.every(({ verdict }) => verdict !== 'fail')
    return { exitCode: isWell ? 0 : 1, answer: { ok: isWell, findings }, text: findings.map(lineOf).join('\n') }
  })
}

const lineOf = ({ name, verdict, said, next }: Finding): string =>
  `${verdict.padEnd(5)} ${name.padEnd(12)} ${said}${next ? `\n${' '.repeat(19)}next: ${next}` : ''}`
