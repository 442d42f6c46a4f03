import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// No retries and no sleeps: a test that passes sometimes fails. Time is generous: it is there for what hangs, not for what is slow.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/enclave/**'], // boots enclaves: a run of its own
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    // Processes that tests start find what others have compiled.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.build/compiled') },
  },
})
