/** The treasury as a node of the caller's own choice shows it. This is what all checks rest on. */
import type { Hex } from '../../ledger/hex.ts'
import { NotChecked } from '../verdict.ts'
import { type Decoded, decodeWords, encodeCall, topicOf, type Words } from './abi.ts'
import { decodeEvent, type EventName, eventForms, type TreasuryEvent } from './events.ts'
import { type RawLog, type Rpc, wordOf } from './rpc.ts'

const head = [
  ['epoch', 'uint'],
  ['boot', 'bytes32'],
  ['counter', 'uint'],
  ['root', 'bytes32'],
  ['committer', 'address'],
  ['configHash', 'bytes32'],
  ['committedAt', 'uint'],
  ['logSize', 'uint'],
  ['totalEarned', 'uint'],
] as const satisfies Words

/** The one point that histories are compared with. */
export type Head = Decoded<typeof head>

/** Blocks in one request for events, fewer where a node says that it is too many. */
const blocksPerRequest = 10_000n

/** Getters of a single word, with their types. */
const getters = {
  totalPaid: 'uint',
  silentAt: 'uint',
  haltEnd: 'uint',
  haltMax: 'uint',
  silence: 'uint',
  cap: 'uint',
  capFloor: 'uint',
  frozen: 'bool',
  owner: 'address',
  guardian: 'address',
  broker: 'address',
  roundsManager: 'address',
} as const

type Getters = typeof getters
type Answer<Name extends keyof Getters> = Decoded<readonly [readonly ['value', Getters[Name]]]>['value']

export type Treasury = ReturnType<typeof createTreasury>

/** Every method throws {@link NotChecked} where the node does not give a proper answer. */
export function createTreasury({ rpc, address }: { readonly rpc: Rpc; readonly address: Hex }) {
  return {
    address,
    rpc,
    head: async (atBlock?: bigint): Promise<Head> =>
      decodeWords(head, await rpc.call(address, encodeCall('head()', []), atBlock)),

    /** What the contract says that it has paid to a payee ever, wei. */
    paid: async (payee: Hex, atBlock?: bigint): Promise<bigint> =>
      readOne('uint', await rpc.call(address, encodeCall('paid(address)', [payee]), atBlock)),

    /** Hash of an anchor; the zero hash where there is none. */
    anchorHash: async (counter: bigint): Promise<Hex> =>
      readOne('bytes32', await rpc.call(address, encodeCall('anchors(uint64)', [counter]))),

    get: async <Name extends keyof Getters>(name: Name, atBlock?: bigint): Promise<Answer<Name>> =>
      readOne(getters[name], await rpc.call(address, encodeCall(`${name}()`, []), atBlock)) as Answer<Name>,

    /** Events of one name in one block, with these topics. */
    async eventsAt<Name extends EventName>(
      name: Name,
      block: bigint,
      topics: readonly (bigint | null)[] = [],
    ): Promise<TreasuryEvent<Name>[]> {
      const words = topics.map((topic) => (topic === null ? null : wordOf(topic)))
      const found = await rpc.logs({
        address,
        topics: [topicOf(eventForms[name].signature), ...words],
        from: block,
        to: block,
      })
      return found.map(decodeEvent) as TreasuryEvent<Name>[]
    },

    /** All logs from one block to another, in order, a part at a time. */
    async *logs(
      from: bigint,
      to: bigint,
      topics: readonly (Hex | null)[] = [],
    ): AsyncGenerator<{ readonly upTo: bigint; readonly logs: readonly RawLog[] }> {
      let step = blocksPerRequest
      for (let at = from; at <= to; ) {
        const end = at + step - 1n < to ? at + step - 1n : to
        const logs = await rpc.logs({ address, topics, from: at, to: end }).catch((error: unknown) => {
          if (!(error instanceof NotChecked && error.code === 'RPC_ERROR') || step === 1n) throw error
          return undefined
        })
        if (logs) {
          yield { upTo: end, logs }
          at = end + 1n
        } else {
          step = step / 4n || 1n
        }
      }
    },
  }
}

function readOne(type: Getters[keyof Getters] | 'bytes32', data: Hex): bigint | boolean | Hex
function readOne(type: 'uint', data: Hex): bigint
function readOne(type: 'bytes32', data: Hex): Hex
function readOne(type: Getters[keyof Getters] | 'bytes32', data: Hex) {
  return decodeWords([['value', type]], data).value
}
