// Breaks the measured code in small ways, one at a time, and asks the unit tests of its folder whether they notice.
// `--sample N` takes so many, for one `--seed` always the same; `--only TEXT` those whose name contains it.
// Mutants that change nothing are listed in tools/mutantsReviewed.txt, each with its reason; no other may live.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './run.js'

const folders = ['ledger', 'protocol', 'attestation', 'enclave']
const home = join(root, '.build/mutate')
const copies = [0, 1].map((i) => join(home, `${i}/main`))
const text = { type: 'string', default: '' }
const { values } = parseArgs({ options: { sample: { type: 'string' }, only: text, seed: text } })

/** What an operator becomes. Only with spaces around: type arguments and arrows have none. */
const flips = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '%': ['*'],
}

/** Strings are text, not code: their insides are hidden, their lengths kept. */
const withoutStrings = (line) =>
  line.replace(/'(?:[^'\\]|\\.)*'|\/(?![/*\s])(?:[^/\\]|\\.)+\/[a-z]*(?=[.,)])/g, (text) => '_'.repeat(text.length))

/** All mutants of one line: name and the line as it becomes. */
function mutantsOf(line) {
  const code = withoutStrings(line).replace(/(?<!:)\/\/.*$/, '')
  if (/^\s*(\*|\/\*|import |export \{|export type |export interface |interface |type |readonly |\| )/.test(code))
    return []
  const found = []
  const change = (name, at, length, text) =>
    found.push({ name, line: line.slice(0, at) + text + line.slice(at + length) })
  const condition = /\b(?:if|while) \((.*)\)(?= \S|$)/.exec(code)
  if (condition && /^\s*(\} else )?(if|while)/.test(code)) {
    const at = condition.index + condition[0].indexOf('(') + 1
    const end = closing(code, at)
    if (end > at) {
      change('never', at, end - at, 'false')
      if (!/while/.test(condition[0])) change('always', at, end - at, 'true')
    }
  }
  if (/^\s+(?!return|if|for|throw|const|let)[\w.#?]+\([^{]*\)$/.test(code)) found.push({ name: 'without', line: '' })
  for (const it of code.matchAll(/ (===|!==|<=|>=|<|>|&&|\|\||\+|-|\*|%) /g))
    for (const op of flips[it[1]]) change(`${it[1]} to ${op}`, it.index + 1, it[1].length, op)
  return found
}

/** Where the parenthesis closes that was opened before `from`; 0 on another line. */
function closing(code, from) {
  for (let at = from, depth = 1; at < code.length; at++) {
    depth += (code[at] === '(') - (code[at] === ')')
    if (depth === 0) return at
  }
  return 0
}

/** The slow ones ask what the others ask, of more documents. */
const slow = /(fuzz|differential|command)\.test\.ts$/

/** The tests of a folder in two runs: first those that import the file or bear its name, which kill most, then the others. */
function testsOf(file) {
  const [folder, name] = file.split('/')
  const all = readdirSync(join(root, 'test/unit', folder))
    .filter((it) => it.endsWith('.test.ts') && !slow.test(it))
    .map((it) => `test/unit/${folder}/${it}`)
  const isNear = (test) =>
    test.endsWith(`/${name.replace('.ts', '.test.ts')}`) || readFileSync(join(root, test), 'utf8').includes(`/${file}'`)
  return [all.filter(isNear), all.filter((test) => !isNear(test))].filter((tests) => tests.length > 0)
}

async function testsPass(copy, runs) {
  for (const tests of runs) if (!(await runPasses(copy, tests))) return false
  return true
}

const runPasses = (copy, tests) =>
  new Promise((done) => {
    const args = ['run', '--bail=1', '--silent=true', '--isolate=false', '--maxWorkers=1', ...tests]
    const options = { cwd: copy, timeout: 300_000, stdio: 'ignore', env }
    spawn(join(copy, 'node_modules/.bin/vitest'), args, options).on('close', (code) => done(code === 0))
  })
const env = { ...process.env, BURSAR_SHARED: join(root, '../shared') }

// Copies of all of it, for the tests' tsconfig names every folder; packages as hard links, which no installation moves.
rmSync(home, { recursive: true, force: true })
mkdirSync(home, { recursive: true })
execFileSync('cp', ['-al', join(root, 'node_modules'), join(home, 'node_modules')])
const elsewhere = new Set(['.git', '.build', 'node_modules', 'contracts', 'docs'])
for (const copy of copies) {
  mkdirSync(copy, { recursive: true })
  for (const name of readdirSync(root).filter((it) => !elsewhere.has(it)))
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(home, 'node_modules'), join(copy, 'node_modules'))
}

const keyOf = (title) => createHash('sha256').update(`${values.seed}${title}`).digest('hex')
const all = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const file = `${folder}/${name}`
      const lines = readFileSync(join(root, file), 'utf8').split('\n')
      return lines.flatMap((line, i) =>
        mutantsOf(line).map((it) => ({ ...it, folder, file, i, title: `${file} ${it.name}: ${line.trim()}` })),
      )
    }),
)
const wanted = all.filter(({ title }) => title.includes(values.only))
const sampled = values.sample
  ? wanted.toSorted((a, b) => (keyOf(a.title) < keyOf(b.title) ? -1 : 1)).slice(0, Number(values.sample))
  : wanted
const reviewed = new Set(
  readFileSync(join(root, 'tools/mutantsReviewed.txt'), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith(' ')),
)

for (const folder of new Set(sampled.map((it) => it.folder)))
  if (!(await testsPass(copies[0], testsOf(`${folder}/`))))
    throw new Error(`the tests of ${folder}/ fail without any mutant`)

const counts = {}
const queue = [...sampled]
async function work(copy) {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const { title, file, folder, i, line } = mutant
    const source = readFileSync(join(copy, file), 'utf8')
    writeFileSync(join(copy, file), source.split('\n').with(i, line).join('\n'))
    const fate = reviewed.has(title) ? 'reviewed' : (await testsPass(copy, testsOf(file))) ? 'lived' : 'killed'
    writeFileSync(join(copy, file), source)
    counts[folder] ??= { of: all.filter((it) => it.folder === folder).length, killed: 0, lived: 0, reviewed: 0 }
    counts[folder][fate]++
    console.log(`${fate} ${file}:${i + 1} ${title.slice(file.length + 1)}`)
  }
}
await Promise.all(copies.map(work))
console.log(JSON.stringify({ seed: values.seed, ...counts }))
process.exitCode = Object.values(counts).every(({ lived }) => lived === 0) ? 0 : 1
