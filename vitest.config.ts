import { defineConfig } from 'vitest/config'

// No retries and no sleeps: a test that passes sometimes fails.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/enclave/**'], // boots enclaves: a run of its own
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
