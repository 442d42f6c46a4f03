/** How much of the log is shown. */
import type { Services } from './services.ts'

/**
 * Entries that are stored: covered by a head that the core signed, or anchored. The mirror is a moment ahead of the disk;
 * whoever was shown more would see the log shrink if this process and the core died in that moment.
 */
export async function publicSize({ store, mirror }: Pick<Services, 'store' | 'mirror'>): Promise<number> {
  const [signed, anchored] = [await store.lastLogHead(), await store.lastCommitted()]
  const stored = Math.max(1, Number(signed?.size ?? 0n), Number(anchored?.args.next.logSize ?? 0n))
  return Math.min(mirror.tree.size, stored)
}
