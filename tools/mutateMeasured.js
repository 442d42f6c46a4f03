// Breaks the measured code in small ways, one at a time, and asks the unit tests of its folder whether they notice.
// `--sample N` takes so many, always the same; `--only TEXT` those whose name contains it. All of them take hours.
// Mutants that change nothing are listed in tools/mutantsReviewed.txt, each with its reason; no other may live.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './run.js'

const folders = ['ledger', 'protocol', 'attestation', 'enclave']
const copy = join(root, '.build/mutate/main')
const { values } = parseArgs({ options: { sample: { type: 'string' }, only: { type: 'string', default: '' } } })

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
const testsOf = (folder) =>
  readdirSync(join(root, 'test/unit', folder))
    .filter((name) => name.endsWith('.test.ts') && !slow.test(name))
    .map((name) => `test/unit/${folder}/${name}`)

function testsPass(folder) {
  const args = ['run', '--bail=1', '--silent=true', '--isolate=false', ...testsOf(folder)]
  const options = { cwd: copy, timeout: 300_000, env: { ...process.env, BURSAR_SHARED: join(root, '../shared') } }
  return spawnSync(join(root, 'node_modules/.bin/vitest'), args, options).status === 0
}

rmSync(copy, { recursive: true, force: true })
mkdirSync(copy, { recursive: true })
// All of it: the tests' tsconfig names every folder.
const elsewhere = new Set(['.git', '.build', 'node_modules', 'contracts', 'docs'])
for (const name of readdirSync(root).filter((it) => !elsewhere.has(it)))
  cpSync(join(root, name), join(copy, name), { recursive: true })
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

const keyOf = (title) => createHash('sha256').update(title).digest('hex')
const all = folders.flatMap((folder) =>
  readdirSync(join(copy, folder))
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const file = `${folder}/${name}`
      const lines = readFileSync(join(copy, file), 'utf8').split('\n')
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
  if (!testsPass(folder)) throw new Error(`the tests of ${folder}/ fail without any mutant`)
const counts = { of: all.length, killed: 0, lived: 0, reviewed: 0 }
for (const { title, file, folder, i, line } of sampled) {
  const source = readFileSync(join(copy, file), 'utf8')
  writeFileSync(join(copy, file), source.split('\n').with(i, line).join('\n'))
  const fate = reviewed.has(title) ? 'reviewed' : testsPass(folder) ? 'lived' : 'killed'
  writeFileSync(join(copy, file), source)
  counts[fate]++
  console.log(`${fate} ${title}`)
}
console.log(JSON.stringify(counts))
process.exitCode = counts.lived === 0 ? 0 : 1
