/** The same told of every lane: of one as if there were no others, of several under their names. */
import { ApiError } from '../client/apiError.ts'
import type { LaneAndHost } from '../daemon/config.ts'
import { readLanes, type SettingsOptions } from './settings.ts'
import { json, print } from './table.ts'

export interface Told {
  readonly exitCode: number
  readonly answer: unknown
  readonly text: string
}

/** Exits with the worst of what was told. */
export async function tellEachLane(
  options: SettingsOptions,
  tell: (lane: LaneAndHost) => Promise<Told>,
): Promise<void> {
  const lanes = readLanes(options)
  const [lane] = lanes
  if (lane && lanes.length === 1) {
    const { exitCode, answer, text } = await tell(lane)
    process.exitCode = exitCode
    return print(options.json ? json(answer) : text)
  }
  const all = await Promise.all(lanes.map(async (one) => ({ name: `${one.name}`, ...(await tell(one).catch(toldOf)) })))
  process.exitCode = Math.max(...all.map(({ exitCode }) => exitCode))
  if (options.json) return print(json({ lanes: Object.fromEntries(all.map(({ name, answer }) => [name, answer])) }))
  print(all.map(({ name, text }) => `== ${name}\n${text}`).join('\n\n'))
}

/** One that does not answer does not hide the others. */
function toldOf(error: unknown): Told {
  if (!(error instanceof ApiError)) throw error
  const { code, message, isTemporary } = error
  return { exitCode: isTemporary ? 75 : 1, answer: { error: code, message }, text: `${code}: ${message}` }
}
