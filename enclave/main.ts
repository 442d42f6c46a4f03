/** The core in its enclave: started by `init`, ended with the enclave. There is nothing to configure. */
import { createCore } from './core.ts'
import { createNitroPlatform, isParent, listenVsock, loadAddon } from './nitro.ts'
import { createServer } from './server.ts'

/** Where the daemon finds the core: `vsock://CID:5000`. */
const port = 5000

const addon = loadAddon('/app/nitro.node')
const core = createCore(createNitroPlatform(addon))
// The console can be read in debug mode only, and then nothing here is believed anyway.
const server = createServer({
  core,
  logFault: (fault) => console.error(fault),
  isHost: (socket) => isParent(addon, socket),
})
server.on('listening', () => console.log('listening'))
listenVsock(server, addon, port)
