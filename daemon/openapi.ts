/** The OpenAPI 3.1 documents of the public API and of the operator's, out of the codecs by which their routes read and write. */
import { problemCodes } from './problem.ts'
import { type Operation, type Operations, operations, operatorOperations } from './routes/operations.ts'
import { type Schema, schemaOf } from './schema.ts'

const problem = {
  description: 'A problem document (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const problemSchema: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'facts'],
  properties: {
    type: { const: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: problemCodes, description: 'docs/PROTOCOL.md says what to do' },
    facts: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
  },
}

const common = {
  openapi: '3.1.0',
  servers: [{ url: '/' }],
}
const info = {
  version: '1',
  description:
    'Amounts are wei as decimal strings, bytes 0x-hex. What is read here proves itself, or is a claim: docs/PROTOCOL.md.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const bytesType = 'application/octet-stream'

/** Made once: it never changes while the daemon runs. */
export const openapiDocument = {
  ...common,
  info: { title: 'Bursar', ...info },
  paths: pathsOf(operations),
  components: { schemas: { Problem: problemSchema } },
}

/** What the operator's listener has beside the public routes. */
export const operatorDocument = {
  ...common,
  info: { title: "Bursar, the operator's API", ...info },
  security: [{ token: [] }],
  paths: pathsOf(operatorOperations),
  components: {
    schemas: { Problem: problemSchema },
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
  },
}

function pathsOf(all: Operations): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries(all)) {
    const [method = '', path = ''] = name.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(path, operation) }
  }
  return paths
}

function describe(place: string, { summary, path = {}, query = {}, body, takesBytes, answer }: Operation): object {
  const address: Schema = { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' }
  const inPath = [...place.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: path[name] ?? address,
  }))
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }))
  const content =
    typeof answer === 'string' ? { [answer]: {} } : { 'application/json': { schema: schemaOf(answer.form) } }
  return {
    summary,
    operationId: place.replace(/^\/(api\/)?/, '').replace(/[^a-zA-Z]+(.)?/g, (_, c = '') => c.toUpperCase()),
    parameters: [...inPath, ...inQuery],
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body.form) }, ...(takesBytes && { [bytesType]: {} }) },
          },
        }
      : {}),
    responses: { 200: { description: 'The answer', content }, default: problem },
  }
}
