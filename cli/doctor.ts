/** `bursar doctor`: everything that the daemon needs, each line well or with the next step. */
import { Command } from 'commander'
import { trust } from '../client/index.ts'
import { checkChain } from './doctor/chainChecks.ts'
import { checkCore } from './doctor/coreChecks.ts'
import type { Finding } from './doctor/finding.ts'
import { checkHost } from './doctor/hostChecks.ts'
import { readJsonFile } from './jsonFile.ts'
import { readSettings, type SettingsOptions, withSettings } from './settings.ts'
import { json, print } from './table.ts'

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

async function doctor({ config, json: isJson, trust: path }: Options): Promise<void> {
  const settings = readSettings(config)
  const trusted = path === undefined ? undefined : readJsonFile(path, 'file of what you trust', trust)
  const findings = (await Promise.all([checkChain(settings), checkCore(settings, trusted), checkHost(settings)])).flat()
  process.exitCode = findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0
  if (isJson) return print(json({ ok: process.exitCode === 0, findings }))
  for (const finding of findings) print(lineOf(finding))
}

const lineOf = ({ name, verdict, said, next }: Finding): string =>
  `${verdict.padEnd(5)} ${name.padEnd(12)} ${said}${next ? `\n${' '.repeat(19)}next: ${next}` : ''}`
