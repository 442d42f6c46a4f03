/** `bursar serve` and `bursar core`: the two processes. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Command } from 'commander'
import { settingsPathDefault } from './settings.ts'

const project = join(import.meta.dirname, '..')

export const serveCommand = (): Command =>
  new Command('serve')
    .description('run the daemon; one line of JSON a thing that happens')
    .option('--config <file>', 'settings of the daemon', process.env.BURSAR_CONFIG ?? settingsPathDefault)
    .addHelpText('after', '\nExit codes: 0 stopped, 1 do not start it again before something is changed, 75 try again.')
    .action(async ({ config }: { config: string }) => {
      process.env.BURSAR_CONFIG = config
      await import('../daemon/main.ts')
    })

export const coreCommand = (): Command =>
  new Command('core')
    .description('run a core on this machine under a development root: for trying, never for money')
    .requiredOption('--listen <endpoint>', 'unix:/path or tcp:host:port')
    .requiredOption('--dir <folder>', 'where its development root and state key are kept')
    .action(async ({ listen, dir }: { listen: string; dir: string }) => {
      const args = [join(project, 'anvil/localCore.ts'), '--listen', listen, '--dir', dir]
      const core = spawn(process.execPath, args, { stdio: 'inherit' })
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => core.kill(name))
      process.exitCode = await new Promise<number>((resolve) => core.once('close', (code) => resolve(code ?? 1)))
    })
