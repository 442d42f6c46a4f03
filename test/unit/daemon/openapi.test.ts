/** The OpenAPI documents against the standard, the routes, and real answers. */
import Router from '@koa/router'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { signedBatch } from '../../../client/entries.ts'
import { createFrontRouter, createPublicRouter } from '../../../daemon/app.ts'
import { openapiDocument, operatorDocument } from '../../../daemon/openapi.ts'
import { addOperatorRoutes, type OperatorServices } from '../../../daemon/routes/operator.ts'
import type { Services } from '../../../daemon/routes/services.ts'
import { payeeOf, reporter } from '../ledger/support.ts'
import { createWorld, creditBatch, directPayee, publishDeployment, type TestDaemon, waiting } from './support.ts'

interface Described {
  readonly responses: Record<string, { content: Record<string, { schema?: object }> }>
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
}
type Paths = Record<string, Record<string, Described>>
const paths = openapiDocument.paths as Paths
const operatorPaths = operatorDocument.paths as Paths
const token = 'operator-token-of-thirty-two-chars'
const authorization = `Bearer ${token}`
const ajv = new Ajv2020({ strict: false })

test('default: valid OpenAPI 3.1, and served', async () => {
  for (const document of [openapiDocument, operatorDocument]) {
    const { valid, errors } = await new Validator().validate(document as never)
    expect({ valid, errors }).toMatchObject({ valid: true })
  }
  const daemon = await createWorld().startDaemon()
  const response = await fetch(`${daemon.url}/api/openapi.json`)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openapiDocument)))
})

const nothing = { http: {}, limits: { reporterPerSecond: 1 } } as unknown as Services & OperatorServices
const publicStack = () => [
  ...createPublicRouter(nothing).stack,
  ...createFrontRouter({ keepers: [], registry: new Registry() }).stack,
]
const operatorStack = () => {
  const router = new Router()
  addOperatorRoutes(router, nothing)
  return router.stack
}

test.each([
  ['public', publicStack(), paths],
  ["operator's", operatorStack(), operatorPaths],
])('behavior: what is documented is what is served, both ways: the %s API', (_, stack, described) => {
  const served = stack
    .map(({ methods, path }) => [methods.filter((m) => m !== 'HEAD').join(), `${path}`] as const)
    .map(([method, path]) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')}`)
  const documented = Object.entries(described).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(documented.sort()).toEqual([...new Set(served)].sort())
})

/** One question for each documented route that answers by itself. */
const questions: Record<string, string> = {
  '/api/reporters/{address}': `/api/reporters/${reporter}`,
  '/api/lanes': '/api/lanes',
  '/api/tee/status': '/api/tee/status',
  '/api/deployment': '/api/deployment',
  '/api/tee/attestation': '/api/tee/attestation?nonce=0x12',
  '/api/ledger/head': '/api/ledger/head',
  '/api/ledger/accounts/{address}': `/api/ledger/accounts/${directPayee.toUpperCase().replace('0X', '0x')}`,
  '/api/ledger/accounts/{address}/entries': `/api/ledger/accounts/${directPayee}/entries`,
  '/api/payouts': '/api/payouts?limit=5',
  '/api/reconciliation': '/api/reconciliation',
  '/api/log': '/api/log',
  '/api/log/entries': '/api/log/entries?from=0&limit=2',
  '/checkpoint': '/checkpoint',
  '/tile/{level}/{path}': '/tile/0/000.p/2',
  '/api/log/consistency': '/api/log/consistency?from=1',
  '/api/log/inclusion': '/api/log/inclusion?position=0',
  '/api/log/anchors': '/api/log/anchors',
  '/api/log/boots': '/api/log/boots',
  '/api/log/configurations': '/api/log/configurations',
  '/api/log/accounts/{counter}': '/api/log/accounts/1',
  '/api/openapi.json': '/api/openapi.json',
  '/healthz': '/healthz',
  '/metrics': '/metrics',
}

test('behavior: real answers are what the document says', async () => {
  const world = createWorld()
  publishDeployment(world)
  const daemon = await world.startOpen()
  const sent = await fetch(`${daemon.url}/api/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signedBatch.write(creditBatch(0n, 5n))),
  })
  await expectDescribed(sent, '/api/batches', 'post')
  await vi.waitFor(async () => {
    const { anchored } = await daemon.client.account(directPayee)
    expect(anchored?.earnedWei).toBe(5n)
    expect((await daemon.client.payouts()).payouts).toHaveLength(1)
  }, waiting)
  expect(
    Object.keys(paths)
      .filter((path) => !(path in questions))
      .sort(),
  ).toEqual(['/', '/api/batches', '/api/configuration', '/api/preferences', '/api/stream', '/assets/{name}'])
  for (const [path, question] of Object.entries(questions))
    await expectDescribed(await fetch(daemon.url + question), path, 'get')
  await expectProblem(daemon)
})

test("behavior: so are the operator's, and nobody reads them without the token", async () => {
  const world = createWorld()
  const daemon = await world.startOpen({
    operator: { listen: '127.0.0.1:0', tokenFile: '' },
    operatorToken: token,
    payIntervalMs: 3_600_000,
  })
  world.chain.refusing.add(directPayee)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, payeeOf(902)))
  const url = await vi.waitFor(() => {
    const line = daemon.log.find(({ msg }) => msg === 'listening for the operator')
    if (!line) throw new Error('not listening yet')
    return line.url as string
  }, waiting)
  for (const path of Object.keys(operatorPaths)) {
    expect((await fetch(url + path)).status).toBe(401)
    if (path === '/operator/stream') continue // has no end
    await expectDescribed(await fetch(url + path, { headers: { authorization } }), path, 'get', operatorPaths)
  }
})

async function expectDescribed(response: Response, path: string, method: string, described = paths): Promise<void> {
  expect(response.status, path).toBe(200)
  const content = described[path]?.[method]?.responses['200']?.content ?? {}
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  expect(Object.keys(content), path).toEqual([type])
  const { schema } = content[type] ?? {}
  if (schema) expect(ajv.validate(schema, await response.json()), `${path}: ${ajv.errorsText()}`).toBe(true)
}

async function expectProblem(daemon: TestDaemon): Promise<void> {
  const isProblem = ajv.compile(openapiDocument.components.schemas.Problem)
  for (const path of ['/api/nothing', '/api/payouts?limit=0', '/api/ledger/accounts/x'])
    expect(isProblem(await (await fetch(daemon.url + path)).json())).toBe(true)
}
