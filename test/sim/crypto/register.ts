/**
 * Lets a run of the simulator remember which signatures of certificates it has verified: the chains are the same in every
 * run. The core's sources stay as they are; only where they import P-384 another module answers, which asks noble once.
 * Use: `node --import ./test/sim/crypto/register.ts`.
 */
import { registerHooks } from 'node:module'

const ours = new URL('./nist.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@noble/curves/nist.js' && context.parentURL !== ours
      ? { url: ours, shortCircuit: true }
      : next(specifier, context),
})
