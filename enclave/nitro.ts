/** The one real platform: documents and randomness of the Nitro Secure Module, and vsock towards the parent alone. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { concat } from '../ledger/hex.ts'
import { predecessors, root } from './constants.ts'
import { nsmAttest, nsmRandom } from './nsm.ts'
import type { Platform } from './platform.ts'

/** The addon in native/nitro.c. */
export interface NitroAddon {
  /** @returns the descriptor of a listening socket */
  listen(port: number): number
  peerCid(descriptor: number): number
  nsm(device: number, request: Uint8Array): Uint8Array
}

/** CID of the instance that started the enclave, on every Nitro host. */
const parentCid = 3

/** Loads the addon at an absolute path. @throws Error if it is not there */
export function loadAddon(path: string): NitroAddon {
  const module: { exports: unknown } = { exports: {} }
  process.dlopen(module, path)
  return module.exports as NitroAddon
}

/** @throws Error where there is no secure module */
export function createNitroPlatform(addon: NitroAddon): Platform {
  const descriptor = openSync('/dev/nsm', 'r+')
  const device = (request: Uint8Array) => addon.nsm(descriptor, request)
  return {
    attest: (request) => nsmAttest(device, request),
    // Whoever knows one of the two sources, or made it, still knows nothing of what comes out.
    random: (length) =>
      new Uint8Array(hkdfSync('sha512', concat(nsmRandom(device), randomBytes(64)), '', 'bursar random', length)),
    trust: { root, predecessors },
    warnings: [],
  }
}

/** Whether the other end of a socket is the parent: other enclaves of the host have no business here. */
export function isParent(addon: NitroAddon, socket: Socket & { readonly _handle?: DescriptorHandle }): boolean {
  return socket._handle !== undefined && addon.peerCid(socket._handle.fd) === parentCid
}

interface DescriptorHandle {
  readonly fd: number
  open(descriptor: number): void
}

/**
 * Serves on this port of vsock. Node knows no such sockets, but its streams take any descriptor that a TCP handle was
 * opened on; the constructor of handles is an internal of Node, whose exact version is part of the measurement.
 */
export function listenVsock(server: Server, addon: NitroAddon, port: number): void {
  const { TCP, constants } = (process as unknown as { binding(name: string): TcpWrap }).binding('tcp_wrap')
  const handle = new TCP(constants.SERVER)
  handle.open(addon.listen(port))
  server.listen(handle)
}

interface TcpWrap {
  readonly TCP: new (kind: number) => DescriptorHandle
  readonly constants: { readonly SERVER: number }
}
