/**
 * Lets runs of the simulator remember what is slow to compute and always the same: only where the product imports a library
 * of cryptography, another module answers, which asks that library once. The product's sources stay as they are.
 * Use: `node --import ./test/sim/crypto/register.ts`.
 */
import { enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'

const here = (file: string): string => new URL(file, import.meta.url).href
const stands: Readonly<Record<string, string>> = {
  '@noble/curves/nist.js': here('./nist.ts'),
  'secp256k1/bindings.js': here('./secp256k1.ts'),
  'node:crypto': here('./node.ts'),
}
const isOfCore = /\/(attestation|enclave|primitives)\/[^/]+\.ts$/

registerHooks({
  resolve(specifier, context, next) {
    const url = stands[specifier]
    return url && isOfCore.test(context.parentURL ?? '') ? { url, shortCircuit: true } : next(specifier, context)
  },
})
enableCompileCache(join(import.meta.dirname, '../../../.build/compiled'))
