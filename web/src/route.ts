/** Which view is shown, from the address after `#`: no server decides it, and a link to a payee can be kept. */
import { useEffect, useState } from 'preact/hooks'
import type { Hex } from '../../ledger/hex.ts'

export type Route =
  | { readonly view: 'public' | 'operator' }
  | { readonly view: 'payee'; readonly payee: Hex | undefined }

/** `#/payee/0x...?rpc=...` -> a payee. Anything that is not known is the public view. */
export function readRoute(hash: string): Route {
  const [path = ''] = hash.slice(1).split('?')
  const [, view, name = ''] = path.split('/')
  if (view === 'payee') return { view, payee: readPayee(name) }
  return { view: view === 'operator' ? view : 'public' }
}

/** What stands behind the question mark of the fragment: `npm start` names its own node there. */
const readHints = (hash: string): URLSearchParams => new URLSearchParams(hash.split('?')[1] ?? '')

/** The node that the link proposed with which this visit began, wherever in the page one went since. */
export const proposedRpc = (): string | null => readHints(location.hash).get('rpc') ?? arrivedWith
const arrivedWith = readHints(location.hash).get('rpc')

/** The lane whose page this is, or undefined. */
export const laneHere = /\/lanes\/([^/]+)\/$/.exec(location.pathname)?.[1]

/** Where a lane has its page, with what this visit's link proposed. */
export function lanePlace(name: string | null, view: string): string {
  const rpc = proposedRpc()
  return `lanes/${encodeURIComponent(name ?? '')}/${view}${rpc === null ? '' : `?rpc=${encodeURIComponent(rpc)}`}`
}

/** An address as people paste it, or undefined. */
export const readPayee = (text: string): Hex | undefined =>
  /^0x[0-9a-f]{40}$/i.test(text.trim()) ? (text.trim().toLowerCase() as Hex) : undefined

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const follow = () => setHash(location.hash)
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return readRoute(hash)
}
