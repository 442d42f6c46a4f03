import { isEmulatorBuilt } from '../../anvil/emulator/testImage.ts'

/** @throws Error that says what to do, where the tests could not run */
export default function setup(): void {
  if (!isEmulatorBuilt()) throw new Error('the emulator is not built yet: npm run emulator')
}
