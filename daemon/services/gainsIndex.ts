/** Keeps the index of who earned by which entry close behind the log. Who asks meanwhile is answered from both. */
import { durably } from '../durably.ts'
import { pause } from '../pause.ts'
import type { Store } from '../store/store.ts'

/** Enough that neighbours in the index are written together, few enough that nobody waits long for it. */
const entriesPerTurn = 128

export async function runGainsIndex(
  { store, pollMs }: { readonly store: Pick<Store, 'indexGains'>; readonly pollMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const count = await durably(store.indexGains(entriesPerTurn))
    if (count < entriesPerTurn) await pause(pollMs, signal)
  }
}
