/** The core on a machine that is no enclave: `node anvil/localCore.ts --listen unix:/path|tcp:host:port --dir FOLDER`. */
import { rmSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { createCore } from '../enclave/core.ts'
import { createServer } from '../enclave/server.ts'
import { parseEndpoint } from '../protocol/endpoint.ts'
import { createLocalPlatform } from './localPlatform.ts'

interface Options {
  readonly listen: string
  readonly dir: string
}

const { listen, dir } = new Command()
  .name('localCore')
  .description('Runs a core under a development root. Not for production.')
  .requiredOption('--listen <address>', 'unix:/path or tcp:host:port', checkEndpoint)
  .requiredOption('--dir <folder>', 'where the development root and the state key are kept')
  .parse()
  .opts<Options>()

const endpoint = parseEndpoint(listen)
if ('path' in endpoint) rmSync(endpoint.path, { force: true }) // a core that was killed leaves its socket behind
const core = createCore(createLocalPlatform({ folder: dir }))
const server = createServer({ core, logFault: (fault) => console.error(fault) })
server.on('error', (error) => {
  console.error(`cannot listen on ${listen}: ${error.message}`)
  process.exitCode = 1
})
server.listen(endpoint, () => console.log(`listening on ${listen}`))
// Nothing is to be saved: what left this process was sealed before.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

function checkEndpoint(text: string): string {
  try {
    parseEndpoint(text)
    return text
  } catch (cause) {
    throw new InvalidArgumentError((cause as Error).message)
  }
}
