/** Bytecode and ABI of the contracts that are deployed, as forge builds them alone: profile `product`. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Abi } from 'viem'
import type { Hex } from '../../ledger/hex.ts'

const project = join(import.meta.dirname, '../..')

export interface Artifact {
  readonly abi: Abi
  readonly bytecode: Hex
}

/** Builds the contracts where a source is newer than its artifact. @throws Error with what the compiler said */
export function buildContracts(names: readonly string[]): void {
  const sources = globSync(['contracts/{src,dev}/**/*.sol', 'foundry.toml'], { cwd: project })
  const newest = Math.max(...sources.map((source) => statSync(join(project, source)).mtimeMs))
  if (names.every((name) => existsSync(pathOf(name)) && statSync(pathOf(name)).mtimeMs > newest)) return
  const forge = spawnSync('forge', ['build', '--force'], {
    cwd: project,
    env: {
      ...process.env,
      FOUNDRY_PROFILE: 'product',
      PATH: `${join(project, 'node_modules/.bin')}:${process.env.PATH}`,
    },
    encoding: 'utf8',
  })
  if (forge.error || forge.status !== 0)
    throw new Error(`forge build failed: ${forge.error?.message ?? forge.stderr}`, { cause: forge.error })
}

/** The artifact of a contract that has its name's file to itself. */
export function loadArtifact(name: string): Artifact {
  const { abi, bytecode } = JSON.parse(readFileSync(pathOf(name), 'utf8'))
  return { abi, bytecode: bytecode.object }
}

const pathOf = (name: string): string => join(project, `.build/forge/product/out/${name}.sol/${name}.json`)
