/** Tariffs of the demonstration. The amounts divide badly on purpose: what remains must be carried, not lost. */
export const prices = {
  /** Per unit of work. */
  workload: { name: 'inference', weiPerUnit: 1_000_000_007n, unitMs: 0n },
  /** Per minute of a session. */
  session: { name: 'transcoding', weiPerUnit: 30_000_000_000_001n, unitMs: 60_000n },
} as const
