/** How the commands that check end: 0 all holds, 1 a lie or fault is proved, 2 it could not be checked. */
import { ApiError, NotChecked, ProvedLie } from '../client/index.ts'

const exitCodes = { holds: 0, lie: 1, fault: 1, unknown: 2 } as const

export const exitCodeOf = (verdict: keyof typeof exitCodes): number => exitCodes[verdict]

/** Runs a command; what it could not check, or proved by exception, is told and decides the exit code. */
export async function tellTrouble(work: () => Promise<void>, isJson: boolean): Promise<void> {
  try {
    await work()
  } catch (error) {
    const verdict = error instanceof ProvedLie ? 'lie' : 'unknown'
    if (!(error instanceof ProvedLie || error instanceof NotChecked || error instanceof ApiError)) throw error
    const { code, message: said, facts } = error
    process.stdout.write(
      isJson ? `${JSON.stringify({ verdict, code, said, facts })}\n` : `${code}: ${said} ${JSON.stringify(facts)}\n`,
    )
    process.exitCode = exitCodeOf(verdict)
  }
}
