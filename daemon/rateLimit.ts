/** A bucket that fills by so much a second, and holds one second's worth. */
export function createRateLimit(perSecond: number, nowMs: () => number = () => performance.now()) {
  let left = perSecond
  let at = nowMs()
  return {
    /** Takes one if there is one. */
    take(): boolean {
      const now = nowMs()
      left = Math.min(perSecond, left + ((now - at) / 1000) * perSecond)
      at = now
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
