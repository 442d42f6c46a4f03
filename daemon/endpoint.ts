/** Where the core listens: `vsock://CID:PORT` of an enclave, `unix:/path/to/socket` or `tcp:host:port`. */
export type Endpoint =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }
  | { readonly cid: number; readonly port: number }

const portMax = 0xffff
/** Of vsock, both numbers; the highest stands for "any". */
const vsockMax = 0xffff_fffe

/** @throws RangeError saying what would be right */
export function parseEndpoint(text: string): Endpoint {
  const unix = /^unix:(?<path>\/.+)$/.exec(text)?.groups
  if (unix) return { path: unix.path as string }
  const tcp = /^tcp:(?<host>[^:]+|\[[0-9a-f:]+\]):(?<port>\d{1,5})$/.exec(text)?.groups
  if (tcp && Number(tcp.port) <= portMax)
    return { host: (tcp.host as string).replace(/^\[|\]$/g, ''), port: Number(tcp.port) }
  const vsock = /^vsock:\/\/(?<cid>\d{1,10}):(?<port>\d{1,10})$/.exec(text)?.groups
  if (vsock && Math.max(Number(vsock.cid), Number(vsock.port)) <= vsockMax)
    return { cid: Number(vsock.cid), port: Number(vsock.port) }
  throw new RangeError(`"${text}" is no endpoint: write vsock://CID:PORT, unix:/path/to/socket or tcp:host:port`)
}
