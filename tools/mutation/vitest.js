// What the measured code's tests use of vitest, in one process without a runner: tests are collected, and run by whom it
// pleases as often as it pleases. `expect` is vitest's own.
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect'
import * as chai from 'chai'

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)
// An inline snapshot belongs to the runner: here it judges nothing, and kills nothing.
chai.use((_, utils) => utils.addMethod(chai.Assertion.prototype, 'toMatchInlineSnapshot', () => undefined))

export const { expect } = chai

/** Of the file that is being imported: its tests and hooks. */
let suite = newSuite()
let names = []
let skipped = false

function newSuite() {
  return { tests: [], beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }
}

/** What was collected since the last call. */
export function takeSuite() {
  const taken = suite
  suite = newSuite()
  return taken
}

const bodyOf = (rest) => rest.find((it) => typeof it === 'function')

export function test(name, ...rest) {
  if (!skipped) suite.tests.push({ name: [...names, name].join(' > '), run: bodyOf(rest) })
}

export function describe(name, ...rest) {
  names.push(name)
  bodyOf(rest)()
  names = names.slice(0, -1)
}

const titleOf = (name, i) => `${name} [${i}]`
const each =
  (collect) =>
  (rows) =>
  (name, ...rest) =>
    rows.forEach((row, i) => {
      const body = bodyOf(rest)
      collect(titleOf(name, i), () => body(...(Array.isArray(row) ? row : [row])))
    })
test.each = each(test)
describe.each = each(describe)
test.for =
  (rows) =>
  (name, ...rest) =>
    rows.forEach((row, i) => {
      test(titleOf(name, i), () => bodyOf(rest)(row))
    })
const skipIf =
  (collect) =>
  (condition) =>
  (...all) => {
    const before = skipped
    skipped ||= Boolean(condition)
    collect(...all)
    skipped = before
  }
test.skipIf = skipIf(test)
describe.skipIf = skipIf(describe)

export const beforeAll = (hook) => void suite.beforeAll.push(hook)
export const afterAll = (hook) => void suite.afterAll.push(hook)
export const beforeEach = (hook) => void suite.beforeEach.push(hook)
export const afterEach = (hook) => void suite.afterEach.push(hook)
