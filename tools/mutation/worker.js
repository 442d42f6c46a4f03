// One process that loads the instrumented code and its tests once, and answers what becomes of one mutant after another.
// Asked through messages: `{record}` runs every test of a file and says which mutants it reached, `{id, tests}` tries a mutant.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../run.js'

const [home, bornWith = '0'] = process.argv.slice(2)
const shim = pathToFileURL(join(root, 'tools/mutation/vitest.js')).href
const instrumented = JSON.parse(readFileSync(join(home, 'instrumented.json'), 'utf8'))
const place = pathToFileURL(`${root}/`).href

let active = Number(bornWith)
const reached = new Set()
globalThis.mutant = (id) => {
  reached.add(id)
  return id === active
}

registerHooks({
  resolve: (name, context, next) => (name === 'vitest' ? { url: shim, shortCircuit: true } : next(name, context)),
  load(url, context, next) {
    const source = url.startsWith(place) ? instrumented[url.slice(place.length)] : undefined
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true }
  },
})
const { takeSuite } = await import(shim)

/** What goes wrong outside of any await is the running test's fault. */
let stray
process.on('uncaughtException', (error) => {
  stray ??= error
})
process.on('unhandledRejection', (error) => {
  stray ??= error
})

const suites = new Map()
async function suiteOf(file) {
  const known = suites.get(file)
  if (known) return known
  await import(pathToFileURL(join(root, file)).href)
  const suite = takeSuite()
  suites.set(file, suite)
  for (const hook of suite.beforeAll) await hook()
  return suite
}

/** Of a test that takes `ms`, on a machine that is busy. */
const hungAfterMs = (ms = 1000) => 10_000 + 50 * ms
async function fails({ file, index, ms }) {
  // Loaded without the mutant, unless it was born with it: what a file keeps from its loading would spoil those to come.
  const id = active
  active = Number(bornWith)
  const loading = suiteOf(file).finally(() => {
    active = id
  })
  stray = undefined
  let timer
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('hung')), hungAfterMs(ms))
  })
  try {
    const { tests } = await Promise.race([loading, hung])
    await Promise.race([tests[index].run(), hung])
    return stray !== undefined
  } catch (error) {
    if (process.env.MUTATION_SHOW) console.error(file, index, error)
    return true
  } finally {
    clearTimeout(timer)
  }
}

/** Every test of a file once by itself, and what it reached; what is reached while it loads and hooks run is `early`. */
async function record(file) {
  const { tests } = await suiteOf(file)
  const early = [...reached]
  const rows = []
  for (let index = 0; index < tests.length; index++) {
    reached.clear()
    const begun = process.cpuUsage()
    const failed = await fails({ file, index })
    const { user, system } = process.cpuUsage(begun)
    rows.push({ file, index, name: tests[index].name, failed, ms: (user + system) / 1000, reached: [...reached] })
  }
  return { rows, early }
}

/** The first test that notices the mutant; and whether it passes again without it, so that the next one starts clean. */
async function attempt({ id, tests }) {
  active = id
  const killer = await firstFailing(tests)
  if (id === 0 || Number(bornWith) === id) return { id, killer, isClean: true }
  active = 0
  return { id, killer, isClean: killer === undefined || !(await fails(killer)) }
}

async function firstFailing(tests) {
  for (const test of tests) {
    process.send({ isAtNext: true })
    if (await fails(test).catch(() => true)) return test
  }
  return undefined
}

process.on('message', async (asked) => {
  process.send(asked.record ? await record(asked.record) : await attempt(asked))
})
process.send({ isReady: true })
