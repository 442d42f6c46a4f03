/** Amounts for people. */

const weiPerEther = 10n ** 18n

/** Wei as ether, exact: every digit that is not a trailing zero. */
export function ether(wei: bigint): string {
  const fraction = `${wei % weiPerEther}`.padStart(18, '0').replace(/0+$/, '')
  return `${wei / weiPerEther}${fraction ? `.${fraction}` : ''}`
}
