/** The measurement of an image on the command line. */
import { type Command, InvalidArgumentError } from 'commander'

/** PCR0, PCR1 and PCR2, lower-case hex. */
export interface MeasurementOptions {
  readonly pcr0: string
  readonly pcr1: string
  readonly pcr2: string
}

/** Adds `--pcr0`, `--pcr1` and `--pcr2`, all required. */
export const withMeasurement = (command: Command): Command =>
  command
    .requiredOption('--pcr0 <hex>', 'PCR0 of the image, 96 hex digits', register)
    .requiredOption('--pcr1 <hex>', 'PCR1', register)
    .requiredOption('--pcr2 <hex>', 'PCR2', register)

function register(text: string): string {
  if (!/^[0-9a-fA-F]{96}$/.test(text)) throw new InvalidArgumentError('Write 96 hex digits.')
  if (!/^0+$/.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Zero is what an enclave in debug mode reports: its host reads its keys.')
}
