/** As much of autocannon 9 as is used here: the package says nothing of its types. */
declare module 'autocannon' {
  export interface Result {
    readonly requests: { readonly total: number; readonly average: number }
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number }
    readonly non2xx: number
  }
  export default function autocannon(options: {
    readonly url: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
  }): Promise<Result>
}
