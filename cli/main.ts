/** The `bursar` command. Each command is a file of its own, read when it is called; here are only their list and how an error is told. */
import { Command } from 'commander'
import { ApiError } from '../client/apiError.ts'
import { Fault } from './fault.ts'

const usageFault = 2
const tryAgain = 75
/** As a shell says of what ended by SIGPIPE. */
const nobodyReads = 141

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(nobodyReads) // `bursar export | head` has what it wants
})

const program = new Command('bursar')
  .description('Pays for metered work out of a ledger that nobody, its operator included, can rewrite')
  .exitOverride()
const add = (command: Command): unknown => program.addCommand(command.copyInheritedSettings(program))

/** By name, in the order in which help shows them. */
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  // For reporters, payees and auditors.
  report: async () => add((await import('./report.ts')).reportCommand()),
  verify: async () => add((await import('./verify.ts')).verifyCommand()),
  audit: async () => add((await import('./audit.ts')).auditCommand()),
  evidence: async () => add((await import('./evidence.ts')).evidenceCommand()),
  attestation: async () => add((await import('./attestation.ts')).attestationCommand()),
  measure: async () => add((await import('./measure.ts')).measureCommand()),
  monitor: async () => add((await import('./monitor.ts')).monitorCommand()),
  // For operators.
  init: async () => add((await import('./init.ts')).initCommand()),
  doctor: async () => add((await import('./doctor.ts')).doctorCommand()),
  serve: async () => add((await import('./run.ts')).serveCommand()),
  core: async () => add((await import('./run.ts')).coreCommand()),
  status: async () => add((await import('./status.ts')).statusCommand()),
  payouts: async () => add((await import('./payouts.ts')).payoutsCommand()),
  reconcile: async () => add((await import('./reconcile.ts')).reconcileCommand()),
  backup: async () => add((await import('./copies.ts')).backupCommand()),
  restore: async () => add((await import('./copies.ts')).restoreCommand()),
  export: async () => add((await import('./export.ts')).exportCommand()),
  'bench-load': async () => add((await import('./benchLoad.ts')).benchLoadCommand()),
  admit: async () => (await import('./admit.ts')).addAdmitCommand(program),
  kms: async () => (await import('./kms.ts')).addKmsCommand(program),
  configure: async () => (await import('./configure.ts')).addConfigureCommand(program),
}
const named = process.argv[2] ?? ''
for (const [name, load] of Object.entries(commands)) if (name === named || !Object.hasOwn(commands, named)) await load()

function tell(error: unknown): number {
  if (error instanceof Fault) {
    process.stderr.write(`bursar: ${error.code}: ${error.message}\n  next: ${error.next}\n`)
    return error.exitCode
  }
  if (error instanceof ApiError) {
    process.stderr.write(`bursar: ${error.code}: ${error.message}\n  next: bursar doctor\n`)
    return error.isTemporary ? tryAgain : 1
  }
  if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : usageFault // commander told it already
  process.stderr.write(`bursar: ${error instanceof Error ? error.message : String(error)}\n`)
  return 1
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = tell(error)
}
