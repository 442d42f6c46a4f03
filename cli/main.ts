/** The `bursar` command. Each command is a file of its own; here are only their list and how an error is told. */
import { Command } from 'commander'
import { addAdmitCommand } from './admit.ts'
import { attestationCommand } from './attestation.ts'
import { auditCommand } from './audit.ts'
import { evidenceCommand } from './evidence.ts'
import { Fault } from './fault.ts'
import { addKmsCommand } from './kms.ts'
import { measureCommand } from './measure.ts'
import { monitorCommand } from './monitor.ts'
import { reportCommand } from './report.ts'
import { verifyCommand } from './verify.ts'

const usageFault = 2

const program = new Command('bursar')
  .description('Pays for metered work out of a ledger that nobody, its operator included, can rewrite')
  .exitOverride()
program.addCommand(reportCommand().copyInheritedSettings(program))
program.addCommand(attestationCommand().copyInheritedSettings(program))
program.addCommand(measureCommand().copyInheritedSettings(program))
program.addCommand(auditCommand().copyInheritedSettings(program))
program.addCommand(evidenceCommand().copyInheritedSettings(program))
program.addCommand(monitorCommand().copyInheritedSettings(program))
program.addCommand(verifyCommand().copyInheritedSettings(program))
addAdmitCommand(program)
addKmsCommand(program)

function tell(error: unknown): number {
  if (error instanceof Fault) {
    process.stderr.write(`bursar: ${error.code}: ${error.message}\n  next: ${error.next}\n`)
    return error.exitCode
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
