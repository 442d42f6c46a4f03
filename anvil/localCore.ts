/** The core on a machine that is no enclave: `node anvil/localCore.ts --listen unix:/path|tcp:host:port --dir FOLDER`. */
import { rmSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { type Endpoint, parseEndpoint } from '../daemon/endpoint.ts'
import { createCore } from '../enclave/core.ts'
import { createServer } from '../enclave/server.ts'
import { createLocalPlatform } from './localPlatform.ts'

interface Options {
  readonly listen: ReturnType<typeof readEndpoint>
  readonly dir: string
}

const { listen, dir } = new Command()
  .name('localCore')
  .description('Runs a core under a development root. Not for production.')
  .requiredOption('--listen <endpoint>', 'unix:/path or tcp:host:port', readEndpoint)
  .requiredOption('--dir <folder>', 'where the development root and the state key are kept')
  .parse()
  .opts<Options>()

const server = createServer({
  core: createCore(createLocalPlatform({ folder: dir })),
  logFault: (fault) => console.error(fault),
})
server.on('error', (error) => {
  console.error(`localCore: ${error.message}`)
  process.exitCode = 1
})
if ('path' in listen) rmSync(listen.path, { force: true }) // a core that was killed leaves its socket behind
server.listen(listen, () => console.log('listening'))
// Nothing is to be saved: what left this process was sealed before.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

function readEndpoint(text: string): Exclude<Endpoint, { cid: number }> {
  try {
    const endpoint = parseEndpoint(text)
    if (!('cid' in endpoint)) return endpoint
    throw new RangeError('there is no vsock here: write unix:/path or tcp:host:port')
  } catch (error) {
    throw new InvalidArgumentError((error as RangeError).message)
  }
}
