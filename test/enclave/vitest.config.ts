import { defineConfig } from 'vitest/config'

// Enclaves in emulation, one test after the other: each boot takes both cores. Apart from the others because it needs
// what `npm run emulator` builds.
export default defineConfig({
  test: {
    globalSetup: ['test/enclave/setup.ts'],
    include: ['test/enclave/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
