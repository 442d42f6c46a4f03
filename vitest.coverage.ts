import { defineConfig } from 'vitest/config'

// The measured code under its own tests: what no test reaches is not known to be right. Branches are what counts.
export default defineConfig({
  test: {
    include: ['test/unit/{primitives,ledger,protocol,attestation,enclave}/*.test.ts'],
    exclude: ['test/unit/attestation/{fuzz,differential,command}.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    coverage: {
      enabled: true,
      provider: 'v8',
      reportsDirectory: '.build/coverage',
      reporter: ['text', 'json-summary'],
      include: ['{primitives,ledger,protocol,attestation,enclave}/*.ts'],
      // What runs on Nitro alone is run there: `anvil/emulator` boots it.
      exclude: ['primitives/portable.ts', 'enclave/{main,nitro,constants}.ts', '**/*.d.ts'],
      thresholds: { branches: 98 },
    },
  },
})
