/** Who asks too often waits: by address for everything, by reporter for what its key has signed. */
import { isIPv6 } from 'node:net'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Problem } from './problem.ts'

/** Counted over so many seconds: a burst is not a flood. */
const windowSeconds = 10

export interface RateLimit {
  /** Counts one. @throws Problem `TOO_MANY_REQUESTS` */
  take(key: string): Promise<void>
  /** Judges without counting. @throws Problem `TOO_MANY_REQUESTS` */
  check(key: string): Promise<void>
  /** Counts one without judging. */
  count(key: string): Promise<void>
}

/** So many a second for each key. `onLimited` hears of each that is turned away. */
export function createRateLimit(perSecond: number, onLimited: () => void = () => undefined): RateLimit {
  const points = perSecond * windowSeconds
  const limiter = new RateLimiterMemory({ points, duration: windowSeconds })
  const refuse = ({ msBeforeNext }: Pick<RateLimiterRes, 'msBeforeNext'>): never => {
    onLimited()
    const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000))
    throw new Problem('TOO_MANY_REQUESTS', 'you ask too often', { perSecond }, retryAfterSeconds)
  }
  return {
    async take(key) {
      try {
        await limiter.consume(key)
      } catch (error) {
        if (error instanceof RateLimiterRes) refuse(error)
        throw error
      }
    },
    async check(key) {
      const used = await limiter.get(key)
      if (used && used.consumedPoints >= points) refuse(used)
    },
    async count(key) {
      await limiter.penalty(key)
    },
  }
}

/** An address as it is counted: of IPv6 the /64 that one customer is given, for it has 2^64 of them. */
export function addressKey(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('%')[0]?.split('::') ?? []
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0)
  const groups = [...(before ?? []), ...Array<string>(Math.max(0, zeros)).fill('0'), ...(after ?? [])]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
