import { expect, test } from 'vitest'
import { compareMeasurements, type Manifest } from '../../../cli/measureCompare.ts'

const register = (digit: number) => `${digit}`.repeat(96)
const manifestOf = (measurement: readonly [number, number, number], ...inputs: Manifest['inputs']): Manifest => {
  const [pcr0, pcr1, pcr2] = measurement.map(register) as [string, string, string]
  return { measurement: { pcr0, pcr1, pcr2 }, inputs }
}
const input = (name: string, sha256: string) => ({ name, sha256 })
const registersOf = ({ measurement: { pcr0, pcr1, pcr2 } }: Manifest) => [pcr0, pcr1, pcr2] as const

const ours = manifestOf([1, 2, 3], input('kernel', 'a'), input('enclave/core.ts', 'b'), input('app/core.mjs', 'c'))
const compare = (attested: Manifest, theirs?: Manifest) =>
  compareMeasurements({ ours, theirs, attested: registersOf(attested) })

test('default: the same three registers are the same image', () => {
  expect(compare(ours)).toMatchObject({ isSame: true, differs: null })
})

test.for([
  [4, 2, 3],
  [1, 4, 3],
  [1, 2, 4],
] as const)('row 8: one register that differs is another image: %s', (measurement) => {
  expect(compare(manifestOf(measurement)).isSame).toBe(false)
})

test('behavior: without a manifest the part is named', () => {
  expect(compare(manifestOf([4, 4, 3])).differs).toContain('PCR1')
  expect(compare(manifestOf([4, 2, 4])).differs).toContain('PCR2')
  expect(compare(manifestOf([4, 2, 4])).differs).not.toContain('PCR1')
})

test('behavior: with the manifest of the image that runs, its first input that differs', () => {
  const theirs = manifestOf([4, 2, 4], input('kernel', 'a'), input('enclave/core.ts', 'x'), input('app/core.mjs', 'y'))
  expect(compare(theirs, theirs).differs).toBe('enclave/core.ts')
})

test('behavior: a version is told where there is one', () => {
  const theirs = manifestOf([4, 2, 4], { name: 'compiler', version: 'gcc 13', sha256: 'x' })
  expect(compare(theirs, theirs).differs).toBe('compiler (theirs is gcc 13)')
})

test('behavior: an input that they do not have is one that differs', () => {
  const theirs = manifestOf([4, 2, 4], input('kernel', 'a'), input('enclave/core.ts', 'b'))
  expect(compare(theirs, theirs).differs).toBe('app/core.mjs')
})

test('error: a manifest of some third image explains nothing', () => {
  const third = manifestOf([5, 5, 5], input('kernel', 'a'))
  expect(compare(manifestOf([4, 2, 4]), third).differs).toContain('the manifest given')
  expect(compare(ours, third).isSame).toBe(true)
})
