/** Small arithmetic on amounts. */

export function max(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

export function min(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

/** What is left of `a`, never below nothing. */
export const minus = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n)

export const sum = (values: Iterable<bigint>): bigint => [...values].reduce((total, wei) => total + wei, 0n)
