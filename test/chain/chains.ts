/** Chains for tests: each suite starts its own, none outlives it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type ChainSource, type RunningChain, startChain } from '../../anvil/chain.ts'
import { createChildren } from '../../anvil/children.ts'
import { deployedContracts } from '../../anvil/deployment.ts'
import { buildContracts } from '../../contracts/script/artifacts.ts'

const buildWithinMs = 120_000

/** Starts chains in a suite; they end with it. Contracts are built before its first test. */
export function useChains(): (source: ChainSource) => Promise<RunningChain> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-chain-'))
  const children = createChildren()
  const { signal } = new AbortController()
  const started: RunningChain[] = []
  beforeAll(() => buildContracts([...deployedContracts, 'ProofChecker']), buildWithinMs)
  afterAll(async () => {
    await Promise.all(started.map(({ child }) => child?.stop()))
    rmSync(folder, { recursive: true })
  })
  return async (source) => {
    const chain = await startChain({ children, source, logPath: join(folder, `${started.length}.log`), signal })
    started.push(chain)
    return chain
  }
}
