/** A ledger as one encrypted JSON file: what one would write first. Root and leaves by viem. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { concat, encodeAbiParameters, type Hex, keccak256 } from 'viem'

export interface PlainLedger {
  readonly accounts: Record<string, string>
  /** What came after the balances were written. */
  readonly events: readonly { readonly payee: string; readonly wei: string }[]
}

export interface Blob {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly tag: Uint8Array
  readonly sealed: Uint8Array
}

export function sealBlob(ledger: PlainLedger): Blob {
  const [key, iv] = [randomBytes(32), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(ledger)), cipher.final()])
  return { key, iv, sealed, tag: cipher.getAuthTag() }
}

/** Opens it, adds up, and computes the root of the accounts. */
export function loadBlob({ key, iv, tag, sealed }: Blob): Hex {
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(tag)
  const text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8')
  const { accounts, events }: PlainLedger = JSON.parse(text)
  const earned = new Map(Object.entries(accounts).map(([payee, wei]) => [payee, BigInt(wei)]))
  for (const { payee, wei } of events) earned.set(payee, (earned.get(payee) ?? 0n) + BigInt(wei))
  let level = [...earned].map(leafOf)
  while (level.length > 1) {
    const above: Hex[] = []
    for (let i = 0; i < level.length; i += 2) above.push(join(level[i] as Hex, level[i + 1]))
    level = above
  }
  return level[0] as Hex
}

const leafOf = ([payee, wei]: readonly [string, bigint]): Hex =>
  keccak256(keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint96' }], [payee as Hex, wei])))

const join = (a: Hex, b: Hex | undefined): Hex => {
  if (b === undefined) return a
  return keccak256(a < b ? concat([a, b]) : concat([b, a]))
}
