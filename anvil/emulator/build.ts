/** `npm run emulator`: everything that boots an enclave on a machine without Nitro, built once into the cache. */
import { buildKernel } from '../../enclave/image/kernel.ts'
import { buildQemu, firmwareFolders } from './qemu.ts'

console.log(buildQemu())
console.log(buildKernel())
for (const folder of firmwareFolders()) console.log(folder)
