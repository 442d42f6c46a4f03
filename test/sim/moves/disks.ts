/** What a host does with disks: it kills, copies, cuts, tears and splices. */
import { hold } from '../broken.ts'
import { beginFrom, cut, type Instance, statusOf, takeSnapshot } from '../host.ts'
import type { Random } from '../random.ts'
import { isHole, renumbered } from '../sealed.ts'
import type { World } from '../world.ts'
import { any, start } from './acts.ts'
import type { Moves } from './move.ts'

export const diskMoves: Moves = {
  crash: {
    weight: 6,
    rows: [23, 32],
    run(world, random) {
      const core = any(world, random)
      if (core.isAhead) takeSnapshot(core)
      const before = statusOf(core.core)
      drop(world, core)
      const again = start(world, core.disk)
      hold('G7', again !== undefined, 'a core does not start again from all that was stored')
      const after = statusOf(again.core)
      hold(
        'G7',
        after.logRoot === before.logRoot && after.record.hash === before.record.hash,
        'a restart lost what was stored',
      )
      hold('G7', after.epoch === before.epoch && after.counter === before.counter, 'a restart forgot what was signed')
    },
  },
  rollBack: {
    weight: 8,
    rows: [1, 16],
    run(world, random) {
      const disk = random.oneIn(2) ? random.pick(world.disks) : any(world, random).disk
      if (!disk) return
      const count = Math.max(disk.chunks, disk.sealed.length - random.below(12))
      start(world, random.oneIn(4) ? disk : cut(disk, count))
    },
  },
  copyDisk: {
    weight: 8,
    rows: [1],
    run(world, random) {
      world.disks.push(any(world, random).disk)
      if (world.disks.length > 6) world.disks.splice(random.below(6), 1)
    },
  },
  splice: {
    weight: 6,
    rows: [22],
    run(world, random) {
      const disk = any(world, random).disk
      const other = random.pick(world.disks) ?? world.genesisDisk
      const records = disk.sealed.length - disk.chunks
      if (records < 2) return
      const at = disk.chunks + random.below(records - 1)
      const sealed = [...disk.sealed]
      const kind = random.below(5)
      if (kind === 0) sealed.splice(at, 1)
      else if (kind === 1) sealed.splice(at, 0, sealed[at] as Uint8Array)
      else if (kind === 2) [sealed[at], sealed[at + 1]] = [sealed[at + 1] as Uint8Array, sealed[at] as Uint8Array]
      else if (kind === 3) sealed[at] = flip(sealed[at] as Uint8Array, random)
      else sealed[at] = random.pick(other.sealed) as Uint8Array
      if (sealed.length === disk.sealed.length && sealed.every((one, i) => equal(one, disk.sealed[i] as Uint8Array)))
        return
      const started = beginFrom(world.nextId++, random, {
        ...disk,
        sealed,
        sizes: sealed.map((_, i) => disk.sizes[i] ?? 1),
      })
      if ('core' in started)
        return hold('G7', isHole(disk.sealed), 'a core starts from records that were tampered with')
      hold(
        'G7',
        ['STATE_GAP', 'STATE_FORGED', 'STATE_FOREIGN'].includes(started.code),
        `tampered records are refused as ${started.code}`,
      )
    },
  },
  renumber: {
    weight: 3,
    rows: [22],
    run(world, random) {
      const { disk } = any(world, random)
      const records = disk.sealed.length - disk.chunks
      if (records < 3 || isHole(disk.sealed)) return
      const at = disk.chunks + random.below(records - 1)
      const sealed = disk.sealed.toSpliced(at, 1)
      // What follows the record that was taken out is made to say that it never was there.
      for (let i = at; i < sealed.length; i++) sealed[i] = renumbered(sealed[i] as Uint8Array, sealed[i - 1])
      const started = beginFrom(world.nextId++, random, { ...disk, sealed })
      hold('G7', !('core' in started), 'a core starts from records whose headers were rewritten')
      hold('G7', started.code === 'STATE_FORGED', `rewritten headers are refused as ${started.code}`)
    },
  },
  compact: { weight: 30, rows: [23], run: (world, random) => takeSnapshot(any(world, random)) },
  tear: {
    weight: 2,
    rows: [33],
    run(world, random) {
      const { disk } = any(world, random)
      const last = disk.sealed.at(-1)
      if (!last || isHole(disk.sealed)) return
      // A disk that was full, or lost its power: the last thing on it is torn.
      const sealed = disk.sealed.with(-1, last.subarray(0, random.below(last.length)))
      const started = beginFrom(world.nextId++, random, { ...disk, sealed })
      hold('G7', !('core' in started), 'a core starts from a torn record')
      hold('G7', started.code === 'STATE_FORGED', `a torn record is refused as ${started.code}`)
    },
  },
}

/** Takes an instance out of the world; what it signed stays. */
function drop(world: World, core: Instance): void {
  world.instances = world.instances.filter((other) => other !== core)
}

function flip(sealed: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(sealed)
  const at = random.below(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << random.below(8))
  return copy
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
