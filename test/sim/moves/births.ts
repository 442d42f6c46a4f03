/** Keys: born a second time, born elsewhere, asked of KMS by a lying host, lost or leaked and replaced. */
import { generateKeyPairSync } from 'node:crypto'
import type { Hex } from '../../../ledger/hex.ts'
import { toHex } from '../../../ledger/hex.ts'
import { hold } from '../broken.ts'
import { send } from '../checks.ts'
import { firstConfiguration } from '../constants.ts'
import { logged } from '../ghost.ts'
import { ask, beginFrom, beginGenesis, proofOf, statusOf } from '../host.ts'
import { unwrapAttempt } from '../kms.ts'
import { renewKey, strikeOut } from '../renewal.ts'
import { birthOf, first, madeOf } from '../world.ts'
import { any, land, signOpen } from './acts.ts'
import { anchorOf } from './chain.ts'
import type { Moves } from './move.ts'

/** A key of the host's own, as an operator's KMS key would look. */
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
const slippedIn: Hex = toHex(publicKey.export({ format: 'der', type: 'spki' }))

export const birthMoves: Moves = {
  forgeBirth: {
    weight: 1,
    rows: [7, 8],
    run(world, random) {
      const { disk } = beginGenesis(world.nextId++, birthOf('forged', random.next()), { first, authority: 'elsewhere' })
      const started = beginFrom(world.nextId++, random, disk)
      hold('G3', !('core' in started), 'a core starts from a state that was born under another root')
      hold('G3', started.code === 'BIRTH_REFUSED', `a forged birth is refused as ${started.code}`)
    },
  },
  askKms: { weight: 1, rows: [7], run: (_, random) => (random.oneIn(6) ? unwrapAttempt(random) : undefined) },
  loadTwice: {
    weight: 3,
    rows: [2, 6],
    run(world, random) {
      const core = any(world, random)
      const load = ask(core.core, 'load_state', { key: null, sealed: core.disk.sealed, isLast: true })
      hold('G1', load.no?.code === 'WRONG_PHASE', 'a running core loads a state')
      const again = ask(core.core, 'genesis', { configuration: firstConfiguration, logBegins: null })
      hold('G1', again.no?.code === 'WRONG_PHASE', 'a running core has another genesis')
    },
  },
  secondGenesis: {
    weight: 1,
    rows: [6],
    run(world, random) {
      const kmsKeys = random.oneIn(2) ? [slippedIn] : []
      const born = logged({ configuration: { ...firstConfiguration, kmsKeys }, signatures: [] })
      const stranger = beginGenesis(world.nextId++, birthOf('second', random.next()), { first: born })
      hold('G3', stranger.address !== world.committer, 'two births gave one key')
      const { configHash } = statusOf(stranger.core)
      hold('G3', kmsKeys.length === 0 || !world.configurations.has(configHash as Hex), 'a KMS key more changes no hash')
      const { claim, by } = world.head
      const head = by ? proofOf(stranger, claim, madeOf(by)) : world.headProof(stranger)
      const message = signOpen(world, stranger, head, by === undefined)
      if (message) hold('G3', land(world, message).revert !== undefined, 'a core that nobody admitted opened an epoch')
    },
  },
  strikeOut: {
    weight: 4,
    rows: [28],
    run(world, random) {
      if (!world.chain.state.frozen && world.isThiefLive && random.oneIn(2)) strikeOut(world)
    },
  },
  renewKey: {
    weight: 2,
    rows: [28],
    run(world, random) {
      const { landed } = world.chain.ghost
      if (world.chain.state.frozen || world.isThiefLive || !random.oneIn(4)) return
      const { isHalted } = world.chain
      const by = isHalted ? random.pick(landed) : landed.at(-1)
      const anchored = isHalted && by ? anchorOf(world, by) : undefined
      if (isHalted && !anchored) return
      const { revert } = send(world, { fn: 'admit', admission: renewKey(world, by, anchored) })
      hold('G9', isHalted || revert === undefined, () => `a new key is not admitted: ${revert?.message}`)
    },
  },
}
