/** A daemon that lies: the real one behind a proxy that changes what it answers. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

// biome-ignore lint/suspicious/noExplicitAny: answers are changed as JSON, whatever they are
export type Lie = (path: string, answer: any) => any

export interface LyingProxy {
  readonly url: string
  /** What becomes of each answer of JSON; the truth, unless told. */
  lie: Lie
  /** What becomes of each answer of bytes. */
  lieBytes: (path: string, bytes: Buffer) => Buffer
  /** Paths that are asked elsewhere: another daemon, another time. */
  redirect: (path: string) => string | undefined
}

export async function startLyingProxy(target: () => string): Promise<LyingProxy> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/'
    const answer = await fetch(target() + (proxy.redirect(path) ?? path))
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isJson = answer.headers.get('content-type')?.includes('json')
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
    response.end(isJson ? JSON.stringify(proxy.lie(path, JSON.parse(bytes.toString()))) : proxy.lieBytes(path, bytes))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const proxy: LyingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: (_, answer) => answer,
    lieBytes: (_, bytes) => bytes,
    redirect: () => undefined,
  }
  return proxy
}
