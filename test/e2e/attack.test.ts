/** `npm run attack -- --json`: what the real stack says to a hostile host, each time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AttackResult } from '../../anvil/attack/attack.ts'
import { checks } from '../../anvil/attack/words.ts'

const main = join(import.meta.dirname, '../../anvil/attack/main.ts')

test('the ten most famous moves of a hostile host are stopped, each by its check, and everybody is paid to the wei', {
  timeout: 240_000,
}, async () => {
  const child = spawn(process.execPath, [main, '--json'])
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk) => {
      said[name] += chunk
    })
  const [code] = await once(child, 'close')
  expect(code, said.stderr).toBe(0)
  const { tries, ...result }: AttackResult = JSON.parse(said.stdout)
  expect(result).toMatchObject({ gotThrough: 0, isPaidToTheWei: true })
  expect(tries.map(({ steps }) => steps.map(({ by, code: told }) => `${by} ${told}`))).toEqual([
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
  ])
  const codes = new Set(tries.flatMap(({ steps }) => steps.map(({ code: told }) => told)))
  expect([...codes].filter((told) => !told || !checks[told])).toEqual([])
})
