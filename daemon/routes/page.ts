/** The page for people, as `npm run web` built it: read once, served from memory, with nothing from anywhere else. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type Router from '@koa/router'
import { etagOf } from '../middleware.ts'
import { Problem } from '../problem.ts'

const built = join(import.meta.dirname, '../../.build/web')

/** Scripts and styles are the page's own; a visitor's browser may ask any node that the visitor names. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  'img-src data:',
  'connect-src *',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

interface File {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
  readonly isNamedByContent: boolean
}

/** `ofLanes`: at the root of several lanes the page begins with their list. */
export function addPageRoutes(router: Router, { ofLanes = false } = {}): void {
  const files = readFiles()
  const index = files.get('index.html')
  if (index && ofLanes) files.set('index.html', markLanes(index))
  router.get(['/', '/assets/:name'], (context) => {
    const file = files.get(context.path === '/' ? 'index.html' : context.path.slice(1))
    if (!file) {
      const why = files.size === 0 ? 'the page was not built: run `npm run web`' : 'there is nothing here'
      throw new Problem('NOT_FOUND', why)
    }
    context.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      ETag: file.etag,
      'Cache-Control': file.isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    context.type = file.type
    context.body = file.body
  })
}

/** So that it knows before it asks anything. */
function markLanes(index: File): File {
  const body = Buffer.from(`${index.body}`.replace('id="page"', 'id="page" data-lanes'))
  return { ...index, body, etag: etagOf(body) }
}

/** By their path; none where nothing was built. */
function readFiles(): Map<string, File> {
  return new Map(
    readNames().map((name) => {
      const body = readFileSync(join(built, name))
      return [name, { type: extname(name), body, etag: etagOf(body), isNamedByContent: name.startsWith('assets/') }]
    }),
  )
}

function readNames(): string[] {
  try {
    return readdirSync(built, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
