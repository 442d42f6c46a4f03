// Breaks the measured code in small ways, one at a time, and asks the unit tests of it whether they notice.
// `--sample N` takes so many, for one `--seed` always the same; `--only TEXT,TEXT` those whose title contains one of these;
// `--tests TEXT` asks only the files of tests whose name contains it: who lives then may yet die of another; `--show`
// prints what each test said. What was tried before, of the same code, is not tried again: `--fresh` forgets it. After
// `--minutes N` no other is begun, and what was tried so far is counted: so it is run in slices.
// Survivors that change nothing are listed in tools/mutantsReviewed.txt, each with its reason; no other may live.
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { instrument } from './mutation/instrument.js'
import { root } from './run.js'

/** Of the mutants tried, in percent. */
const killedMin = 90
const folders = ['primitives', 'ledger', 'protocol', 'attestation', 'enclave']
/** A browser's half; and what runs on Nitro alone, where `npm run test:enclave` runs it. */
const left = /^primitives\/portable|^enclave\/(main|nitro)|\.d\.ts$/
/** They ask what the others ask, of more documents. */
const slow = /(fuzz|differential|command)\.test\.ts$/

const flag = { type: 'boolean', default: false }
const text = { type: 'string', default: '' }
const { values: options } = parseArgs({
  options: {
    sample: text,
    seed: text,
    only: text,
    tests: text,
    minutes: text,
    workers: { type: 'string', default: '2' },
    show: flag,
    fresh: flag,
  },
})
const home = join(root, '.build/mutation')
const resultsFile = join(home, 'results.jsonl')
if (options.fresh) rmSync(home, { recursive: true, force: true })
mkdirSync(home, { recursive: true })

const sha256 = (data) => createHash('sha256').update(data).digest('hex')
const read = (file) => readFileSync(join(root, file), 'utf8')

const sources = globSync(`{${folders.join(',')}}/*.ts`, { cwd: root })
  .filter((file) => !left.test(file))
  .sort()
const testFiles = globSync(`test/unit/{${folders.join(',')}}/*.test.ts`, { cwd: root })
  .filter((file) => !slow.test(file) && file.includes(options.tests))
  .sort()
const instrumented = {}
const all = []
for (const file of sources) {
  const { text: code, mutants } = instrument(file, read(file), all.length + 1)
  instrumented[file] = code
  const fileHash = sha256(read(file))
  all.push(...mutants.map((mutant, place) => ({ ...mutant, file, place, fileHash })))
}
writeFileSync(join(home, 'instrumented.json'), JSON.stringify(instrumented))

const parts = options.only.split(',')
const wanted = all.filter(({ title }) => parts.some((part) => title.includes(part)))

/** A process that has loaded nothing yet. `ask` answers undefined where it died or was stopped. */
function spawnWorker(bornWith = 0) {
  const child = fork(join(root, 'tools/mutation/worker.js'), [home, `${bornWith}`], {
    stdio: ['ignore', 'ignore', options.show ? 'inherit' : 'ignore', 'ipc'],
    env: { ...process.env, ...(options.show ? { MUTATION_SHOW: '1' } : {}) },
  })
  let settle = () => undefined
  let begun = 0
  child.on('message', (message) => {
    if (message.isAtNext) begun = cpuSecondsOf(child.pid)
    else settle(message)
  })
  child.on('exit', () => settle(undefined))
  const next = () =>
    new Promise((resolve) => {
      settle = resolve
    })
  const ready = next()
  return {
    kill: () => child.kill('SIGKILL'),
    /** `cpuSecondsMax` is for one test. */
    async ask(message, cpuSecondsMax) {
      if (!(await ready) || child.exitCode !== null || !child.connected) return undefined
      const answered = next()
      begun = cpuSecondsOf(child.pid)
      // By its own time, not the clock's: on a busy machine that is not the same.
      const watch = setInterval(() => {
        if (cpuSecondsOf(child.pid) - begun > cpuSecondsMax) child.kill('SIGKILL')
      }, 500)
      child.send(message)
      return answered.finally(() => clearInterval(watch))
    },
  }
}

function cpuSecondsOf(pid) {
  if (!existsSync(`/proc/${pid}/stat`)) return 0
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** A file and all of ours that it loads. */
function closureOf(file) {
  const seen = new Set()
  const visit = (path) => {
    if (seen.has(path) || !existsSync(join(root, path))) return
    seen.add(path)
    for (const [, name] of read(path).matchAll(/(?:from|import\() ?'([.#][^']+)'/g))
      visit(name === '#primitives' ? 'primitives/native.ts' : join(dirname(path), name))
  }
  visit(file)
  return [...seen].sort()
}
const packages = read('package-lock.json') + globSync('test/vectors/*.json', { cwd: root }).sort().map(read).join('')

/**
 * Which test reaches which mutant, and how long it takes; each file of tests in a process of its own. What was found stays
 * true as long as that file and all that it loads are the same.
 */
async function coverage() {
  const place = join(home, 'coverage.jsonl')
  const known = new Map(linesOf(place).map((one) => [one.key, one]))
  const rows = []
  const early = {}
  const files = new Set(wanted.map(({ file }) => file))
  const queue = testFiles
    .map((file) => ({ file, closure: closureOf(file) }))
    .filter(({ closure }) => closure.some((path) => files.has(path)))
    .map(({ file, closure }) => ({ file, key: sha256([packages, ...closure.map(read)].join('\n')) }))
  const record = async ({ file, key }) => {
    if (known.has(key)) return known.get(key)
    const worker = spawnWorker()
    const made = await worker.ask({ record: file }, Number.POSITIVE_INFINITY)
    worker.kill()
    const named = (ids) => ids.map((id) => `${all[id - 1].file} ${all[id - 1].place}`)
    const kept = {
      file,
      key,
      early: named(made.early),
      rows: made.rows.map((row) => ({ ...row, reached: named(row.reached) })),
    }
    appendFileSync(place, `${JSON.stringify(kept)}\n`)
    return kept
  }
  const idOf = new Map(all.map(({ file, place, id }) => [`${file} ${place}`, id]))
  const numbered = (names) => names.map((name) => idOf.get(name))
  await Promise.all(
    Array.from({ length: Number(options.workers) }, async () => {
      while (queue.length > 0) {
        const next = queue.shift()
        const made = await record(next)
        early[next.file] = numbered(made.early)
        for (const row of made.rows)
          if (row.failed) console.error(`cannot run alone: ${row.file} ${row.name}`)
          else rows.push({ ...row, key: next.key, reached: numbered(row.reached) })
      }
    }),
  )
  return { rows, early }
}

/** The lines of JSON in a file; none where there is none. */
function linesOf(path) {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

const { rows, early } = await coverage()
const testsOf = new Map()
for (const row of rows.toSorted((a, b) => a.ms - b.ms))
  for (const id of row.reached) testsOf.set(id, [...(testsOf.get(id) ?? []), row])
const earlyFiles = new Map()
for (const [file, ids] of Object.entries(early))
  for (const id of ids) earlyFiles.set(id, [...(earlyFiles.get(id) ?? []), file])

/** What the dearest of them may cost before it counts as one that does not end, CPU seconds. */
const costOf = (tests) => 3 + (10 * Math.max(0, ...tests.map(({ ms }) => ms))) / 1000
const toAsk = (id, tests) => ({ id, tests: tests.map(({ file, index, ms }) => ({ file, index, ms })) })

/** Most mutants die of a test that takes no time; only what outlives those is put to the others. */
const quickMs = 700

/** `killed` or `lived`, by the quick tests. `lane.worker` may be another one afterwards. */
function tryQuick(lane, { id }) {
  const quick = (testsOf.get(id) ?? []).filter(({ ms }) => ms <= quickMs)
  return quick.length > 0 ? tryWarm(lane, id, quick) : 'lived'
}

/** `killed` or `lived`, by the others, and in a process of its own. */
async function tryHard(lane, { id, file }) {
  const slow = (testsOf.get(id) ?? []).filter(({ ms }) => ms > quickMs)
  if (slow.length > 0 && (await tryWarm(lane, id, slow)) === 'killed') return 'killed'
  if (!earlyFiles.has(id)) return 'lived'
  // What runs while files load, or is kept from then, is tried by a process that never knew it otherwise.
  const folder = file.split('/')[0]
  const reaching = rows.filter((row) => earlyFiles.get(id).includes(row.file) && row.ms <= quickMs)
  const isFar = (row) => Number(!row.file.includes(`/${folder}/`))
  const ordered = reaching.toSorted((a, b) => isFar(a) - isFar(b) || a.ms - b.ms).slice(0, 400)
  const worker = spawnWorker(id)
  const answer = await worker.ask(toAsk(id, ordered), costOf(ordered) + 60)
  worker.kill()
  return answer && !answer.killer ? 'lived' : 'killed'
}

/** In a process that has tried others before. */
async function tryWarm(lane, id, tests) {
  lane.worker ??= spawnWorker()
  const answer = await lane.worker.ask(toAsk(id, tests), costOf(tests))
  if (answer?.isClean) return answer.killer ? 'killed' : 'lived'
  lane.worker.kill()
  lane.worker = undefined
  if (!answer) return 'killed' // it ran away or crashed
  // The test fails without the mutant too: what the mutant left behind did that, unless it does so in a new process.
  lane.worker = spawnWorker()
  const again = await lane.worker.ask(toAsk(0, [answer.killer]), costOf(tests) + 60)
  if (!again?.killer) return 'killed'
  const isKiller = ({ file, index }) => file === answer.killer.file && index === answer.killer.index
  return tryWarm(
    lane,
    id,
    tests.filter((test) => !isKiller(test)),
  )
}

const reviewed = new Set(
  read('tools/mutantsReviewed.txt')
    .split('\n')
    .filter((line) => line && !line.startsWith(' ')),
)
const before = new Map(linesOf(resultsFile).map((one) => [`${one.fileHash} ${one.title}`, one]))
/** The files of tests that reach a mutant, as they are. */
const testsHashOf = (id) => {
  const keys = rows.filter(({ file }) => earlyFiles.get(id)?.includes(file)).concat(testsOf.get(id) ?? [])
  return sha256([...new Set(keys.map(({ key }) => key))].sort().join())
}
/** Tests are only ever added while survivors are looked at: what they killed once they kill. */
const knownFate = ({ fileHash, title, id }) => {
  const known = before.get(`${fileHash} ${title}`)
  return known && (known.fate === 'killed' || known.testsHash === testsHashOf(id)) ? known.fate : undefined
}

const order = (title) => sha256(`${options.seed}${title}`)
const drawn = new Set(
  wanted
    .toSorted((a, b) => (order(a.title) < order(b.title) ? -1 : 1))
    .slice(0, Number(options.sample || wanted.length)),
)
const chosen = wanted.filter((mutant) => drawn.has(mutant)) // file by file: their tests are loaded already

const counts = Object.fromEntries(
  folders.map((name) => [
    name,
    {
      mutants: all.filter(({ file }) => file.startsWith(`${name}/`)).length,
      tried: 0,
      killed: 0,
      reviewed: 0,
      lived: 0,
    },
  ]),
)
const until = options.minutes ? performance.now() + 60_000 * Number(options.minutes) : Number.POSITIVE_INFINITY
const fates = new Map()
/** Some workers try what is in the queue, each by itself. */
const tryAll = (queue, attempt, settles) =>
  Promise.all(
    Array.from({ length: Number(options.workers) }, async () => {
      const lane = {}
      while (queue.length > 0 && performance.now() < until) {
        const mutant = queue.shift()
        const fate = await attempt(lane, mutant)
        fates.set(mutant, fate)
        const { title, fileHash, id } = mutant
        if (settles || fate === 'killed')
          appendFileSync(resultsFile, `${JSON.stringify({ title, fileHash, testsHash: testsHashOf(id), fate })}\n`)
      }
      lane.worker?.kill()
    }),
  )
for (const mutant of chosen) if (knownFate(mutant)) fates.set(mutant, knownFate(mutant))
await tryAll(
  chosen.filter((mutant) => !fates.has(mutant)),
  tryQuick,
  false,
)
await tryAll(
  chosen.filter((mutant) => fates.get(mutant) === 'lived' && !knownFate(mutant)),
  tryHard,
  true,
)

for (const [{ title, file, line }, fate] of fates) {
  const said = fate === 'lived' && reviewed.has(title) ? 'reviewed' : fate
  const count = counts[file.split('/')[0]]
  count.tried++
  count[said]++
  if (said === 'lived') console.log(`lived ${file}:${line} ${title.slice(file.length + 1)}`)
}

const sum = (name) => Object.values(counts).reduce((total, count) => total + count[name], 0)
const percent = (100 * sum('killed')) / Math.max(1, sum('tried'))
console.log(JSON.stringify({ seed: options.seed, ...counts, percent: Number(percent.toFixed(1)) }))
process.exitCode = percent >= killedMin && sum('lived') === 0 ? 0 : 1
process.exit()
