/** Roots of trust, each named by the SHA-256 of its certificate's DER, 32 bytes. */
import { hexToBytes } from '@noble/hashes/utils.js'

/** AWS_NitroEnclaves_Root-G1, of all commercial regions, valid 2019-10-28 to 2049-10-28; published by AWS at aws-nitro-enclaves.amazonaws.com. */
export const awsNitroRoot = hexToBytes('641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b')
