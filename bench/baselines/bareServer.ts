/** What Node itself takes to serve so many bytes: `node bench/baselines/bareServer.ts BYTES`. Says its URL. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = 'x'.repeat(Number(process.argv[2]))
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
