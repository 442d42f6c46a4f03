/**
 * The log for the tools of other logs (C2SP tlog-tiles): a checkpoint and the tiles of its tree. Entries are not served as
 * tiles: theirs are at most 65,535 bytes long, a batch may be longer. `/api/log/entries` has them.
 */
import type Router from '@koa/router'
import { concat } from '../../ledger/hex.ts'
import { Problem } from '../problem.ts'
import { setImmutableCache } from './log.ts'
import { publicSize } from './publicSize.ts'
import type { Services } from './services.ts'

const tileWidth = 256
/** Levels of the tree in a tile. */
const tileHeight = 8

export function addTileRoutes(router: Router, services: Services): void {
  router.get('/checkpoint', async (context) => {
    const head = services.notary && (await services.store.lastLogHead())
    if (!services.notary || !head) throw new Problem('NOT_FOUND', 'no checkpoint is signed here')
    context.type = 'text/plain; charset=utf-8'
    context.set('Verifier-Key', services.notary.verifierKey)
    context.body = services.notary.note(head)
  })

  router.get('/tile/:level/*path', async (context) => {
    const tile = parseTile(context.params.level, context.params.path)
    const available = tile && Math.floor((await publicSize(services)) / tileWidth ** tile.level)
    if (!tile || tile.first + tile.width > (available ?? 0)) throw new Problem('NOT_FOUND', 'there is no such tile')
    const level = tile.level * tileHeight
    const nodes = Array.from({ length: tile.width }, (_, i) => services.mirror.tree.node(level, tile.first + i))
    setImmutableCache(context)
    context.type = 'application/octet-stream'
    context.body = Buffer.from(concat(...nodes))
  })
}

/** `2/x001/234` and `2/x001/234.p/7`: level 2, tile 1,234, whole or its first seven hashes. */
function parseTile(level: string | undefined, path: string | string[] | undefined) {
  const text = Array.isArray(path) ? path.join('/') : (path ?? '')
  const parts = /^((?:x\d{3}\/){0,3}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(text)
  if (!parts || !/^([0-9]|[1-5][0-9]|6[0-3])$/.test(level ?? '')) return undefined
  const index = Number((parts[1] as string).replaceAll(/[x/]/g, ''))
  const width = parts[2] === undefined ? tileWidth : Number(parts[2])
  // One spelling for each tile: no leading zero groups, no partial tile of nothing or of all.
  if (
    /^x000/.test(text) ||
    `${width}` !== (parts[2] ?? '256') ||
    (parts[2] !== undefined && (width < 1 || width > 255))
  )
    return undefined
  return { level: Number(level), first: index * tileWidth, width }
}
