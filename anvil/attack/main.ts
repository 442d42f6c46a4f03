/** `npm run attack [-- --json]`: a hostile host tries everything that is famous, on the real stack. Exit code 1 if anything got through. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { brokerOnArbitrum } from '../broker.ts'
import { createChildren } from '../children.ts'
import { attack } from './attack.ts'
import { setStage } from './stage.ts'

const { json } = new Command('npm run attack --')
  .description(
    'Starts everything as npm start does, lets a hostile host try its ten most famous moves, and says what stopped it.',
  )
  .option('--json', 'print the result as JSON, all else goes to stderr', false)
  .parse()
  .opts<{ json: boolean }>()

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error('interrupted')))
const say = (sentence: string): void => void (json ? process.stderr : process.stdout).write(`${sentence}\n`)
const runs = join(import.meta.dirname, '../../.bursar')
mkdirSync(runs, { recursive: true })
const folder = mkdtempSync(join(runs, 'attack-'))

try {
  const stage = await setStage({
    children: createChildren(),
    source: { kind: 'local' },
    broker: brokerOnArbitrum,
    port: 0,
    folder,
    isEnclave: false,
    say,
    onFailure: (error) => stop.abort(error),
    signal: stop.signal,
  })
  const result = await attack(stage, say).finally(stage.stop)
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exitCode = result.gotThrough === 0 && result.isPaidToTheWei ? 0 : 1
  if (process.exitCode === 0) rmSync(folder, { recursive: true })
} catch (error) {
  const { message, cause } = stop.signal.aborted ? stop.signal.reason : (error as Error)
  console.error(`Bursar: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}\nLogs of this run: ${folder}`)
  process.exitCode = 2
}
process.exit()
