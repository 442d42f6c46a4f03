/** Remembers results of a pure function by a key; forgets everything when it holds too much. */
export function createMemo<T>(max = 200_000): (key: string, compute: () => T) => T {
  const known = new Map<string, T>()
  return (key, compute) => {
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= max) known.clear()
    const value = compute()
    known.set(key, value)
    return value
  }
}

export const keyOf = (...parts: readonly Uint8Array[]): string =>
  parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')).join('|')
