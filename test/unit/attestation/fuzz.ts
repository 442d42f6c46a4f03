/**
 * A long campaign against the verifier: `node test/unit/attestation/fuzz.ts [COUNT] [SEED]`, a million by default.
 * Prints one line of JSON; the same seed spoils the same bytes of the documents of real enclaves.
 */
import { registerHooks } from 'node:module'

const openssl = new URL('./openssl.ts', import.meta.url).href
registerHooks({
  resolve: (name, context, next) =>
    name === './signature.ts' ? { url: openssl, shortCircuit: true } : next(name, context),
})

const { runCampaign, specimens } = await import('./campaign.ts')
const { verdict } = await import('./maker.ts')
const { asked } = await import('./openssl.ts')

const [count = 1_000_000, seed = Date.now() % 2 ** 32] = process.argv.slice(2).map(Number)
Error.stackTraceLimit = 0 // most documents end in an error, and nobody looks at where
const begun = performance.now()
const outcome = runCampaign({ seed, count, specimens: specimens(), judge: verdict })
const seconds = Math.round((performance.now() - begun) / 1000)
console.log(JSON.stringify({ seed, count, seconds, ...outcome, asked }))
