/** `bursar backup` and `bursar restore`: a store's copy, made while the daemon runs, and put back into either engine. */
import { chmodSync } from 'node:fs'
import { Command } from 'commander'
import { backupStore, type Contents, restoreStore } from '../daemon/store/backup.ts'
import { StoreError } from '../daemon/store/database.ts'
import { Fault } from './fault.ts'
import { readLane, type SettingsOptions, withSettings } from './settings.ts'
import { json, print } from './table.ts'

const help = '\nExit codes: 0 whole and checked, 1 nothing was written, 2 the settings have faults.'

export const backupCommand = (): Command =>
  withSettings(new Command('backup'))
    .description('copy the store to a new SQLite file, also while the daemon runs')
    .argument('<file>', 'where to; it must not exist')
    .addHelpText('after', help)
    .action(async (file: string, options: SettingsOptions) => {
      const contents = await told(() => backupStore(readLane(options).store, file), 'name another file')
      chmodSync(file, 0o600) // as confidential as the store
      tell(contents, options.json)
    })

export const restoreCommand = (): Command =>
  withSettings(new Command('restore'))
    .description('copy a backup into the empty store that the settings name')
    .argument('<file>', 'a file that bursar backup made')
    .option('--new-key', 'leave out what belongs to the key of the core: a new one begins (the setting newKey)', false)
    .addHelpText(
      'after',
      `${help}\nThe contract judges whether it is the newest: an older one is refused as FOREIGN_ROOT when the core opens.`,
    )
    .action(async (file: string, options: SettingsOptions & { readonly newKey: boolean }) => {
      const next = 'stop the daemon, and name an empty store in the settings'
      tell(
        await told(() => restoreStore(file, readLane(options).store, { withKey: !options.newKey }), next),
        options.json,
      )
    })

async function told(work: () => Promise<Contents>, next: string): Promise<Contents> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreError) throw new Fault(error.code, error.message, { next, cause: error })
    throw error
  }
}

function tell({ configHash, lastRecord, entries }: Contents, isJson: boolean): void {
  if (isJson) print(json({ configHash, lastRecord: lastRecord ?? null, entries }))
  else {
    print(`configuration ${configHash}\n${entries} entries, last sealed record ${lastRecord?.number ?? 'none'}`)
  }
}
