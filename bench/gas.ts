/** P10: what a payment costs on the chain, by `tools/gas.js`, and what paying a thousand payees a day comes to. */
import {
  arbitrum,
  type Cost,
  costOf,
  l1Ether,
  l2Ether,
  measureGas,
  redemptionEach,
  transferEach,
  waysOf,
} from './costs.ts'
import { type Bench, show } from './measure.ts'

const payees = 1_000

export const gas: Bench = {
  name: 'gas',
  async run(say) {
    say('npm run gas')
    const rows = await measureGas()
    const ways = await waysOf(rows)
    const day = (name: string): Cost => {
      const way = ways.find((one) => one.name === name)
      if (!way) throw new Error(`no way ${name}`)
      return costOf(way, payees)
    }
    const told = (cost: Cost): string => `${show(l2Ether(cost))} ETH and ${show(l1Ether(cost, 1))} a gwei of L1`
    const days = [
      ['direct', transferEach],
      ['ticket, warm', redemptionEach],
    ] as const
    return [
      ...rows
        .filter(({ payments }) => payments > 0)
        .map(({ name, payments, gasEach = 0, calldataBytes }) => ({
          id: 'P10',
          what: `${name}, ${payments} payments: gas and bytes each`,
          goal: 'told',
          measured: `${show(gasEach)} gas, ${show(calldataBytes / payments)} bytes`,
          isReached: undefined,
        })),
      ...days.map(([name, each]) => ({
        id: 'P10',
        what: `${show(payees)} payees a day, ${name}, at ${arbitrum.gweiPerGas} gwei on L2`,
        goal: `told; ${each}: ${told(day(each))}`,
        measured: told(day(name)),
        isReached: undefined,
      })),
    ]
  },
}
