import { join } from 'node:path'
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
    // Processes that tests start find what others have compiled.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.build/compiled') },
  },
})
