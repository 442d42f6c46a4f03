// `npm run size`: what the SDK costs a browser, whole and in parts: bytes minified, and after brotli.
import { brotliCompressSync } from 'node:zlib'
import { bundleClient } from './bundleClient.js'

const parts = [
  '*',
  '{ createClient, createRpc, verifyDaemon }',
  '{ createClient, verifyAccount }',
  '{ createClient, signBatch, workload }',
  '{ verifyConsistency, verifyInclusion }',
]

for (const names of parts) {
  const code = Buffer.from(await bundleClient(`export ${names} from '@bursar/client'`))
  console.log(
    `${`${code.length}`.padStart(8)} bytes, ${`${brotliCompressSync(code).length}`.padStart(7)} in brotli: ${names}`,
  )
}
