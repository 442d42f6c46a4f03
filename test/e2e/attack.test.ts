/** `npm run attack -- --json`: what the real stack says to a hostile host, each time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AttackResult } from '../../anvil/attack/attack.ts'
import { checks } from '../../anvil/attack/words.ts'
import { deployedContracts } from '../../anvil/deployment.ts'
import { buildContracts } from '../../contracts/script/artifacts.ts'
import { breakCopy } from '../sim/teeth/bite.ts'
import { sabotages } from '../sim/teeth/sabotages.ts'

const project = join(import.meta.dirname, '../..')
/** What each move is told, and by whom. */
const answers = [
  ['core FOREIGN_ROOT', 'contract WrongCounter'],
  ['core STATE_FORGED', 'core STATE_GAP'],
  ['core FOREIGN_ROOT'],
  ['contract WrongEpoch', 'contract WrongBoot'],
  ['contract WrongEpoch'],
  ['contract WrongSigner', 'contract WrongSigner'],
  ['broker sender deposit and reserve insufficient to cover ticket face value'],
  ['contract WrongCounter', 'broker ticket is used'],
  ['core TOTAL_ABOVE_EARNED', 'core SEQUENCE_REPEAT', 'core BAD_SIGNATURE', 'core BAD_SIGNATURE'],
  ['verifier WRONG_ROOT', 'core BIRTH_REFUSED'],
]

async function attack(folder: string) {
  const child = spawn(process.execPath, [join(folder, 'anvil/attack/main.ts'), '--json'])
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk) => {
      said[name] += chunk
    })
  const [exit] = await once(child, 'close')
  expect([0, 1], said.stderr).toContain(exit)
  const result: AttackResult = JSON.parse(said.stdout)
  const told = result.tries.map(({ steps }) => steps.map(({ by, code }) => `${by} ${code}`))
  return { exit, told, ...result, stderr: said.stderr }
}

test('the ten most famous moves of a hostile host are stopped, each by its check, and everybody is paid to the wei', {
  timeout: 240_000,
}, async () => {
  const { exit, told, tries, ...result } = await attack(project)
  expect(result).toMatchObject({ gotThrough: 0, isPaidToTheWei: true })
  expect(exit).toBe(0)
  expect(told).toEqual(answers)
  const codes = new Set(tries.flatMap(({ steps }) => steps.map(({ code }) => code)))
  expect([...codes].filter((code) => !code || !checks[code])).toEqual([])
})

test('a core without one of its checks is told of: which move got through, with what, and exit code 1', {
  timeout: 240_000,
}, async () => {
  const sabotage = sabotages.find(({ name }) => name === 'more is paid than was earned')
  buildContracts(deployedContracts) // the copy has the compiled contracts too, and so none to compile
  const core = ['primitives', 'attestation', 'ledger', 'protocol', 'enclave']
  const around = ['client', 'anvil', 'daemon', 'cli', 'contracts', 'abi', 'foundry.toml', '.build/forge/product/out']
  const copy = breakCopy(sabotage as NonNullable<typeof sabotage>, [...core, ...around])
  const { exit, told, tries, gotThrough, stderr } = await attack(copy)
  expect([exit, gotThrough]).toEqual([1, 1])
  expect(told).toEqual(answers.with(8, ['core undefined', ...(answers[8] as string[]).slice(1)]))
  expect(tries.flatMap(({ title, isStopped }) => (isStopped ? [] : [title]))).toEqual(['Invent earnings'])
  expect(stderr).toMatch(
    / {3}- it asks for one wei more for everybody: the core does it\.\n( {3}- .+\n){3} {3}IT GOT THROUGH\./,
  )
  rmSync(copy, { recursive: true })
})
