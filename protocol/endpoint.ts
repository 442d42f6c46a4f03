/** Where the core listens: `unix:/path/to/socket` or `tcp:host:port`. */
export type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number }

/** @throws RangeError saying what would be right */
export function parseEndpoint(text: string): Endpoint {
  const unix = /^unix:(?<path>\/.+)$/.exec(text)?.groups
  if (unix) return { path: unix.path as string }
  const tcp = /^tcp:(?<host>[^:]+|\[[0-9a-f:]+\]):(?<port>\d{1,5})$/.exec(text)?.groups
  const port = Number(tcp?.port)
  if (tcp && port <= 65_535) return { host: (tcp.host as string).replace(/^\[|\]$/g, ''), port }
  throw new RangeError(`"${text}" is no endpoint: write unix:/path/to/socket or tcp:host:port`)
}
