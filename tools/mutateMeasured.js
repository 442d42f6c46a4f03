// Breaks the measured code in small ways, one at a time, and asks the unit tests of it whether they notice.
// `--sample N` takes so many, for one `--seed` always the same; `--only TEXT` those whose title contains it; `--show`
// prints what each test said. What was tried before, of the same code, is not tried again: `--fresh` forgets it. After
// `--minutes N` no other is begun, and what was tried so far is counted.
// Survivors that change nothing are listed in tools/mutantsReviewed.txt, each with its reason; no other may live.
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
  .filter((file) => !slow.test(file))
  .sort()
const testsHash = sha256(
  globSync(`test/unit/{${folders.join(',')}}/*.ts`, { cwd: root })
    .sort()
    .map(read)
    .join(''),
)

const instrumented = {}
const all = []
for (const file of sources) {
  const { text: code, mutants } = instrument(file, read(file), all.length + 1)
  instrumented[file] = code
  const fileHash = sha256(read(file))
  all.push(...mutants.map((mutant) => ({ ...mutant, file, fileHash })))
}
writeFileSync(join(home, 'instrumented.json'), JSON.stringify(instrumented))

/** A process that has loaded nothing yet. `ask` answers undefined where it died or was stopped. */
function spawnWorker(bornWith = 0) {
  const child = fork(join(root, 'tools/mutation/worker.js'), [home, `${bornWith}`], {
    stdio: ['ignore', 'ignore', options.show ? 'inherit' : 'ignore', 'ipc'],
    env: { ...process.env, ...(options.show ? { MUTATION_SHOW: '1' } : {}) },
  })
  let settle = () => undefined
  child.on('message', (message) => (message.progress ? console.error(message.progress) : settle(message)))
  child.on('exit', () => settle(undefined))
  const next = () =>
    new Promise((resolve) => {
      settle = resolve
    })
  const ready = next()
  return {
    kill: () => child.kill('SIGKILL'),
    async ask(message, cpuSecondsMax) {
      if (!(await ready) || child.exitCode !== null || !child.connected) return undefined
      const answered = next()
      const begun = cpuSecondsOf(child.pid)
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

/** Which test reaches which mutant, and how long it takes; made once for this code and these tests. */
async function coverage() {
  const place = join(home, 'coverage.json')
  const key = sha256(testsHash + JSON.stringify(instrumented))
  const known = existsSync(place) ? JSON.parse(readFileSync(place, 'utf8')) : {}
  if (known.key === key) return known
  const worker = spawnWorker()
  const { rows, early } = await worker.ask({ record: testFiles }, Number.POSITIVE_INFINITY)
  worker.kill()
  for (const row of rows.filter(({ failed }) => failed)) console.error(`cannot run alone: ${row.file} ${row.name}`)
  const made = { key, rows: rows.filter(({ failed }) => !failed), early }
  writeFileSync(place, JSON.stringify(made))
  return made
}

const { rows, early } = await coverage()
const testsOf = new Map()
for (const row of rows.toSorted((a, b) => a.ms - b.ms))
  for (const id of row.reached) testsOf.set(id, [...(testsOf.get(id) ?? []), row])
const earlyFiles = new Map()
for (const [file, ids] of Object.entries(early))
  for (const id of ids) earlyFiles.set(id, [...(earlyFiles.get(id) ?? []), file])

const costOf = (tests) => 20 + (20 * tests.reduce((sum, { ms }) => sum + ms, 0)) / 1000
const toAsk = (id, tests) => ({ id, tests: tests.map(({ file, index }) => ({ file, index })) })

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
  const near = reaching.filter((row) => row.file.includes(`/${folder}/`))
  const ordered = (near.length > 0 ? near : reaching).toSorted((a, b) => a.ms - b.ms).slice(0, 200)
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
const before = new Map()
if (existsSync(resultsFile))
  for (const line of readFileSync(resultsFile, 'utf8').trim().split('\n').filter(Boolean)) {
    const one = JSON.parse(line)
    before.set(`${one.fileHash} ${one.title}`, one)
  }
/** Tests are only ever added while survivors are looked at: what they killed once they kill. */
const knownFate = ({ fileHash, title }) => {
  const known = before.get(`${fileHash} ${title}`)
  return known && (known.fate === 'killed' || known.testsHash === testsHash) ? known.fate : undefined
}

const order = (title) => sha256(`${options.seed}${title}`)
const wanted = all.filter(({ title }) => title.includes(options.only))
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
        const { title, fileHash } = mutant
        if (settles || fate === 'killed')
          appendFileSync(resultsFile, `${JSON.stringify({ title, fileHash, testsHash, fate })}\n`)
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
