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

/** Of the file that is being imported: its tests, and the hooks around all of them. */
let suite = newSuite()
/** The `describe` that is being read, and those around it. */
let scope = newScope()
let skipped = false

function newSuite() {
  return { tests: [], beforeAll: [], afterAll: [] }
}

function newScope(outer, name = '') {
  return { outer, name: outer?.name ? `${outer.name} > ${name}` : name, beforeEach: [], afterEach: [] }
}

/** What was collected since the last call. */
export function takeSuite() {
  const taken = suite
  suite = newSuite()
  scope = newScope()
  return taken
}

const bodyOf = (rest) => rest.find((it) => typeof it === 'function')

export function test(name, ...rest) {
  if (!skipped) suite.tests.push({ name: `${scope.name} > ${name}`, run: inScope(scope, bodyOf(rest)) })
}

/** A test with the hooks of every `describe` around it. */
const inScope = (inner, body) => async () => {
  const scopes = []
  for (let one = inner; one; one = one.outer) scopes.unshift(one)
  try {
    for (const { beforeEach } of scopes) for (const hook of beforeEach) await hook()
    await body({})
  } finally {
    for (const { afterEach } of scopes.toReversed()) for (const hook of afterEach) await hook()
  }
}

export function describe(name, ...rest) {
  const outer = scope
  scope = newScope(outer, name)
  bodyOf(rest)()
  scope = outer
}

const titleOf = (name, i) => `${name} [${i}]`
const each =
  (collect) =>
  (rows) =>
  (name, ...rest) => {
    const body = bodyOf(rest)
    const areLists = rows.every(Array.isArray)
    rows.forEach((row, i) => {
      collect(titleOf(name, i), () => body(...(areLists ? row : [row])))
    })
  }
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
export const beforeEach = (hook) => void scope.beforeEach.push(hook)
export const afterEach = (hook) => void scope.afterEach.push(hook)
