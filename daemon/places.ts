/** Places for those who listen to an event stream, in all lanes together: a line that stays open is a connection that nobody else has. */
import type { HttpMetrics } from './metrics.ts'
import { Problem } from './problem.ts'

/** Of one address, so that one cannot take all places. */
const perAddressMax = 10

export interface Places {
  /** Takes a place. @returns what gives it back @throws Problem `TOO_MANY_REQUESTS` */
  take(address: string): () => void
}

export function createPlaces(most: number, http: HttpMetrics): Places {
  const taken = new Map<string, number>()
  let all = 0
  return {
    take(address) {
      const mine = taken.get(address) ?? 0
      if (all >= most || mine >= perAddressMax) {
        http.limited('streams')
        throw new Problem('TOO_MANY_REQUESTS', 'too many listen already', { streamsPerAddressMax: perAddressMax })
      }
      all++
      taken.set(address, mine + 1)
      http.streams(1)
      return () => {
        all--
        const left = (taken.get(address) ?? 1) - 1
        if (left > 0) taken.set(address, left)
        else taken.delete(address)
        http.streams(-1)
      }
    },
  }
}
