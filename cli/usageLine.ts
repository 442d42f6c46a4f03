/** One line of usage as people and programs write it (NDJSON), and the event that it means. */
import { z } from 'zod'
import { nameToBytes32, parseAddress } from '../client/ids.ts'
import { credit, sessionEnd, sessionHeartbeat, sessionStart, workload } from '../client/index.ts'
import { amountCeiling } from '../ledger/events.ts'
import type { Event } from '../ledger/structs.ts'

const id = z.string().min(1).max(1024)

/** A check that throws, as a zod check with the same words. */
const passing = (check: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      check(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  })
const payee = passing(parseAddress)
const tariff = passing(nameToBytes32)

/** JSON numbers are exact only up to 2^53; larger ones come as strings. */
const amount = z
  .union([z.string().regex(/^(0|[1-9]\d{0,28})$/), z.int().nonnegative()], {
    error: 'expected a whole number, as a string of digits where it is above 2^53',
  })
  .transform(BigInt)
  .refine((value) => value < amountCeiling, 'expected an amount below 2^96')
const at_ms = z.int({ error: 'expected whole milliseconds since 1970' }).nonnegative()

const usageLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('workload'), id, payee, tariff, units: amount }),
  z.strictObject({ type: z.literal('session_start'), id, payee, tariff, at_ms }),
  z.strictObject({ type: z.literal('session_heartbeat'), id, at_ms }),
  z.strictObject({ type: z.literal('session_end'), id, at_ms }),
  z.strictObject({ type: z.literal('credit'), id, payee, wei: amount }),
])

/** The event of a line, or in words what is wrong with it. */
export type Reading =
  | { readonly event: Event; readonly fault?: never }
  | { readonly event?: never; readonly fault: string }

export function readUsageLine(untrusted: string): Reading {
  const json = parse(untrusted)
  if (json === undefined) return { fault: 'not JSON; each line is one object such as {"type":"workload",...}' }
  const { success, data, error } = usageLine.safeParse(json)
  if (success) return { event: toEvent(data) }
  return { fault: error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ') }
}

function toEvent(line: z.infer<typeof usageLine>): Event {
  switch (line.type) {
    case 'workload':
      return workload(line)
    case 'session_start':
      return sessionStart({ ...line, atMs: line.at_ms })
    case 'session_heartbeat':
      return sessionHeartbeat({ ...line, atMs: line.at_ms })
    case 'session_end':
      return sessionEnd({ ...line, atMs: line.at_ms })
    case 'credit':
      return credit(line)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no JSON text means undefined: the caller says so with the line's number
  }
}
