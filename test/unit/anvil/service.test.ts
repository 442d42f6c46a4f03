import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, createChildren } from '../../../anvil/children.ts'
import { type Service, startService } from '../../../anvil/service.ts'

let folder: string
let children: ReturnType<typeof createChildren>
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bursar-service-'))
  children = createChildren()
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Watched {
  readonly service: Service
  /** Resolves with the nth process. */
  started(n: number): Promise<Child>
  readonly failed: Promise<Error>
}

function watch(name: string, script: string): Watched {
  const starts: PromiseWithResolvers<Child>[] = []
  const start = (n: number): PromiseWithResolvers<Child> => {
    starts[n] ??= Promise.withResolvers()
    return starts[n]
  }
  const failed = Promise.withResolvers<Error>()
  let count = 0
  const service = startService({
    children,
    order: { name, file: process.execPath, args: ['-e', script], logPath: join(folder, `${name}.log`) },
    onStart: (child) => start(count++).resolve(child),
    onFailure: failed.resolve,
  })
  return { service, started: (n) => start(n).promise, failed: failed.promise }
}

const forever = 'setInterval(() => {}, 1000)'

test('behavior: what is killed starts again, what is stopped does not', async () => {
  const { service, started } = watch('worker', forever)
  const first = await started(0)
  service.child.kill('SIGKILL')
  expect(await first.exited).toBe('SIGKILL')
  const second = await started(1)
  expect(second.pid).not.toBe(first.pid)
  expect(service.child).toBe(second)
  await service.stop()
  expect(await second.exited).toBe('SIGTERM')
  expect(service.restarts).toBe(1)
})

test('behavior: 75 means try again, 1 means do not; what it wrote is in its log', async () => {
  const again = watch('again', 'process.exit(75)')
  await again.started(1)
  await again.service.stop()

  const broken = watch('broken', 'console.error("the reason"); process.exit(1)')
  expect((await broken.failed).message).toMatch(/the broken ended with 1: see .*broken\.log/)
  expect(broken.service.restarts).toBe(0)
  expect(readFileSync(join(folder, 'broken.log'), 'utf8')).toContain('the reason')
})

test('error: a process that dies again and again is given up', async () => {
  const { service, failed } = watch('dying', 'process.exit(75)')
  expect((await failed).message).toContain('ended with 75')
  expect(service.restarts).toBe(20)
})

test('error: a program that is not there', async () => {
  const failed = Promise.withResolvers<Error>()
  const order = { name: 'nothing', file: join(folder, 'nothing'), args: [], logPath: join(folder, 'nothing.log') }
  startService({ children, order, onFailure: failed.resolve })
  expect((await failed.promise).message).toContain('the nothing ended with 1')
})
