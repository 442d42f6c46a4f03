// `npm run size`: what the SDK costs a browser, whole and in parts: bytes minified, and after brotli.
import { brotliCompressSync } from 'node:zlib'
import { bundleSdk } from './bundleSdk.js'

const parts = {
  'all of it': [],
  'verifyDaemon, createClient, createRpc': ['verifyDaemon', 'createClient', 'createRpc'],
  'createClient, verifyAccount': ['createClient', 'verifyAccount'],
  'signBatch, workload, createClient': ['signBatch', 'workload', 'createClient'],
  'verifyInclusion, verifyConsistency': ['verifyInclusion', 'verifyConsistency'],
}

for (const [name, names] of Object.entries(parts)) {
  const code = Buffer.from(await bundleSdk(names))
  console.log(
    `${`${code.length}`.padStart(8)} bytes, ${`${brotliCompressSync(code).length}`.padStart(7)} in brotli: ${name}`,
  )
}
