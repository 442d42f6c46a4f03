/**
 * `npm run deploy -- ORDER.json DEPLOYMENT.json --rpc URL --key FILE [--yes]`: deploys a treasury and writes down what the
 * chain says of it. Run again, it finds the same one. `npm run deploy -- --predict --rpc URL --key FILE` says where it will be.
 * ORDER.json: `{"chain_id", "contract", "terms": {"committer", "config_hash", "broker", "rounds_manager", "operator",
 * "guardian", "delay", "halt_max", "silence", "window", "cap", "cap_floor"}}`, wei and seconds as decimal strings. The
 * deployer's key has no right to anything afterwards.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createPublicClient, createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { Fault } from '../../cli/fault.ts'
import { readJsonFile } from '../../cli/jsonFile.ts'
import { readKeyFile } from '../../cli/keyFile.ts'
import { deployment, deploymentOrder } from '../../client/checks/deployment.ts'
import { toHex } from '../../ledger/hex.ts'
import { buildContracts } from './artifacts.ts'
import { type Deployer, deployTreasury, predictTreasury } from './treasury.ts'

try {
  await main()
} catch (error) {
  const { code, message, next, exitCode } = asFault(error)
  process.stderr.write(`${code}: ${message}\n  next: ${next}\n`)
  process.exitCode = exitCode
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rpc: { type: 'string' },
      key: { type: 'string' },
      yes: { type: 'boolean', default: false },
      predict: { type: 'boolean', default: false },
    },
  })
  const { rpc, key, yes, predict } = values
  const [from, to] = positionals
  if (rpc === undefined || key === undefined) throw usage('a node and a key are needed')
  const deployer = deployerOf(rpc, key)
  if (predict) return print({ deployer: deployer.account.address, contract: await predictTreasury(deployer) })
  if (from === undefined || to === undefined) throw usage('an order and a place for what was deployed are needed')
  const order = readJsonFile(from, 'order of a deployment', deploymentOrder)
  buildContracts(['Treasury', 'Timelock'])
  const deployed = deployment.write(await deployTreasury(deployer, order, yes))
  writeFileSync(to, `${JSON.stringify(deployed, null, 2)}\n`)
  print(deployed)
}

function deployerOf(url: string, keyPath: string): Deployer {
  const account = privateKeyToAccount(toHex(readKeyFile(keyPath).secretKey))
  const transport = http(url)
  return { account, chain: createPublicClient({ transport }), signer: createWalletClient({ account, transport }) }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

function usage(message: string): Fault {
  return new Fault('USAGE', message, {
    next: 'npm run deploy -- ORDER.json DEPLOYMENT.json --rpc URL --key FILE [--yes]',
    exitCode: 2,
  })
}

/** What the node or the system says, without the URL in it: providers put their keys there. */
function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const { shortMessage, message } = error as { shortMessage?: string; message: string }
  return new Fault('NOT_DEPLOYED', shortMessage ?? message, { next: 'mend it and run the same again', cause: error })
}
