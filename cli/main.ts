/** The `bursar` command. Each command is a file of its own; here are only their list and how an error is told. */
import { Command } from 'commander'
import { ApiError } from '../client/index.ts'
import { addAdmitCommand } from './admit.ts'
import { attestationCommand } from './attestation.ts'
import { auditCommand } from './audit.ts'
import { addConfigureCommand } from './configure.ts'
import { backupCommand, restoreCommand } from './copies.ts'
import { doctorCommand } from './doctor.ts'
import { evidenceCommand } from './evidence.ts'
import { exportCommand } from './export.ts'
import { Fault } from './fault.ts'
import { initCommand } from './init.ts'
import { addKmsCommand } from './kms.ts'
import { measureCommand } from './measure.ts'
import { monitorCommand } from './monitor.ts'
import { payoutsCommand } from './payouts.ts'
import { reconcileCommand } from './reconcile.ts'
import { reportCommand } from './report.ts'
import { coreCommand, serveCommand } from './run.ts'
import { statusCommand } from './status.ts'
import { verifyCommand } from './verify.ts'

const usageFault = 2
const tryAgain = 75

const program = new Command('bursar')
  .description('Pays for metered work out of a ledger that nobody, its operator included, can rewrite')
  .exitOverride()
const commands = [
  // For reporters, payees and auditors.
  reportCommand,
  verifyCommand,
  auditCommand,
  evidenceCommand,
  attestationCommand,
  measureCommand,
  monitorCommand,
  // For operators.
  initCommand,
  doctorCommand,
  serveCommand,
  coreCommand,
  statusCommand,
  payoutsCommand,
  reconcileCommand,
  backupCommand,
  restoreCommand,
  exportCommand,
]
for (const command of commands) program.addCommand(command().copyInheritedSettings(program))
addAdmitCommand(program)
addKmsCommand(program)
addConfigureCommand(program)

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
