/** Good requests, spoiled a member at a time by what their codecs say of them: each is answered, and none halts the core. */

import { expect, test } from 'vitest'
import { type Core, createCore } from '../../../enclave/core.ts'
import { dispatch } from '../../../enclave/dispatch.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { rootOf } from '../../../ledger/state.ts'
import type { Codec, Form } from '../../../protocol/codec.ts'
import { type Method, methods, type Params } from '../../../protocol/messages.ts'
import { configuration, domain, payeeOf } from '../ledger/support.ts'
import { apply, call, firstHead, headAfter, hints, host, open, prepare, restart, round, work } from './support.ts'

const seed = Date.now() % 2 ** 32

/** mulberry32. */
function createRandom(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Json = null | boolean | number | string | Uint8Array | readonly Json[] | { readonly [name: string]: Json }
type Members = { readonly [name: string]: Json }

/** A value in a message, and the message with another in its place. */
interface Place {
  readonly form: Form
  readonly value: Json
  readonly put: (value: Json) => Json
}

function placesOf(place: Place): Place[] {
  const { form, value, put } = place
  const inside = (): Place[] => {
    if (value === null) return []
    if (form[0] === 'nullable') return placesOf({ form: form[1], value, put })
    if (typeof value !== 'object') return []
    if (form[0] === 'list')
      return (value as readonly Json[]).flatMap((item, i) =>
        placesOf({ form: form[1], value: item, put: (other) => put((value as Json[]).with(i, other)) }),
      )
    if (form[0] === 'object')
      return Object.entries(form[1]).flatMap(([name, member]) =>
        name in value
          ? placesOf({
              form: member,
              value: (value as Members)[name] as Json,
              put: (other) => put({ ...(value as Members), [name]: other }),
            })
          : [],
      )
    if (form[0] === 'variant') {
      const one = form[1].find(
        (it) => it[0] === 'object' && Object.keys(it[1]).every((name) => name in (value as Members)),
      )
      return one ? placesOf({ form: one, value, put }) : []
    }
    return []
  }
  return [place, ...inside()]
}

/** What a host would write there: the ends of its range, its neighbours, and what it has seen elsewhere. */
function othersOf({ form, value }: Place, seen: readonly string[], random: (below: number) => number): Json[] {
  switch (form[0]) {
    case 'bool':
      return [!value]
    case 'int':
      return [0, 1, form[1], (value as number) + 1]
    case 'uint': {
      const number = BigInt(value as string)
      return [0n, 1n, 2n ** BigInt(form[1]) - 1n, 2n ** BigInt(form[1] - 1), number + 1n].map(String)
    }
    case 'hex':
    case 'bytes': {
      const digits = (value as string).slice(2)
      const at = 2 * random(digits.length / 2)
      const flipped = `0x${digits.slice(0, at)}${digits.slice(at, at + 2) === '00' ? '01' : '00'}${digits.slice(at + 2)}`
      const alike = seen.filter((text) => text.length === (value as string).length)
      const ends = [digits.replaceAll(/./g, '0'), digits.replaceAll(/./g, 'f')].map((all) => `0x${all}`)
      return [...ends, flipped, alike[random(alike.length)] ?? '0x', form[0] === 'bytes' ? '0x' : flipped]
    }
    case 'blob': {
      const bytes = value as Uint8Array
      if (bytes.length === 0) return [Uint8Array.of(0)]
      return [new Uint8Array(), bytes.with(random(bytes.length), random(256)), bytes.subarray(0, random(bytes.length))]
    }
    case 'list': {
      const items = value as readonly Json[]
      return [[], [...items, ...items], items.toReversed(), items.slice(1)]
    }
    case 'nullable':
      return [null]
    default:
      return [null, {}]
  }
}

const wire = <M extends Method>(method: M, params: Params<M>): readonly [M, Json] => [
  method,
  (methods[method].params as Codec<Params<M>>).write(params) as Json,
]

const stored = host()
open(stored)
apply(stored, work(0n))
const { commit, signature } = prepare(stored, firstHead(1n, stored.core.boot))
const head = headAfter(stored, { commit, signature }, rootOf(commit.next))
const platform = { ...stored.platform, stateKey: { load: () => stored.platform.stateKeyNow(), save: () => undefined } }

/** A core whose epoch is open, and what an honest host would ask of it now. */
function openScene(): { core: Core; requests: readonly (readonly [Method, Json])[] } {
  const core = restart(stored)
  call(core, 'open_epoch', { head, hints })
  const payments = [{ payee: payeeOf(1), total: 35n, paid: 0n }]
  return {
    core,
    requests: [
      wire('open_epoch', { head, hints }),
      wire('apply_event', { entries: [work(1n), work(2n, 7n, payeeOf(2))].map(entryLeaf) }),
      wire('prepare_payouts', { head, round, payments, hints }),
      wire('sign_transaction', { open: null, commit, signature, hints }),
      wire('confirm_payout', { commit, signature }),
    ],
  }
}

/** What an empty core is asked, and may be by a host that has the state of another. */
const emptyScene = (): ReturnType<typeof openScene> => ({
  core: createCore(platform),
  requests: [
    wire('genesis', { configuration: configuration(), logBegins: configuration({ version: 2n }) }),
    wire('load_state', { key: null, sealed: stored.sealed, isLast: true }),
  ],
})

test.each([
  ['open', openScene, 1500],
  ['empty', emptyScene, 300],
])(`row 31: no request halts a core that is %s (seed ${seed})`, (_, makeScene, count) => {
  const random = createRandom(seed)
  let { core, requests } = makeScene()
  const seen = [...new Set(JSON.stringify(requests).match(/0x[0-9a-f]+/g)), domain.verifyingContract]
  for (let number = 0; number < count; number++) {
    const [method, good] = requests[random(requests.length)] as readonly [Method, Json]
    let params = good
    for (let left = 1 + random(2); left > 0; left--) {
      const places = placesOf({ form: methods[method].params.form, value: params, put: (value) => value })
      const place = places[random(places.length)] as Place
      const others = othersOf(place, seen, random)
      params = place.put(others[random(others.length)] as Json)
    }
    const faults: unknown[] = []
    const reply = dispatch(core, { id: number, method, params }, (fault) => faults.push(fault))
    expect(faults, `${method} ${JSON.stringify(params)}`).toEqual([])
    expect(reply.id).toBe(number)
    // Entries that were accepted leave the other requests behind.
    const { results } = (reply.result ?? {}) as { results?: readonly { status: string }[] }
    const hasMoved = results?.some(({ status }) => status === 'accepted') || (makeScene === emptyScene && reply.result)
    if (hasMoved) ({ core, requests } = makeScene())
  }
})
