/** `bursar configure`: a new version of the ledger's configuration, from a draft over k of n signatures to the contract. */
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { signedConfiguration } from '../client/entries.ts'
import { createClient, type SignedConfiguration } from '../client/index.ts'
import { checkConfiguration, type Rules } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { struct } from '../protocol/codec.ts'
import { checkNext, draft, fetchRules, merge, sign, signersOf } from './configure/change.ts'
import { differencesOf, tellDifference } from './configure/difference.ts'
import { type OwnerCalls, ownerCalls } from './configure/ownerCalls.ts'
import { fetchTimelock } from './configure/timelock.ts'
import { Fault } from './fault.ts'
import { readJsonFile } from './jsonFile.ts'
import { readKeyFile } from './keyFile.ts'
import { httpUrl } from './options.ts'
import { json, print } from './table.ts'

interface Options {
  readonly url: string
  readonly json: boolean
}

interface CallOptions extends Options {
  readonly rpc?: string
}

interface OutOptions extends Options {
  readonly out: string
}

const help = `
  bursar configure draft wanted.json --url URL --out change.json           the operator, once
  bursar configure sign change.json --url URL --key FILE --out mine.json   each signer, on a machine of its own
  bursar configure merge mine.json yours.json --url URL --out signed.json
  bursar configure send signed.json --url URL --rpc URL                    prints what the contract's owner has to send

Every step shows the difference to what is in force, in words. The version and the hash of what is in force are filled in by
the draft; signers sign both, so that nobody can put the change on another configuration than the one they were shown.
Until the contract names the new hash, batches are taken and nothing is anchored or paid: let the owner schedule first, and
send when the delay is nearly over.

Exit codes: 0 done, 1 refused, 2 a file or an option is wrong, 75 the daemon does not answer or cannot now.`

/** Adds the command: what it holds takes on the settings of `program`. */
export function addConfigureCommand(program: Command): void {
  const configure = program
    .command('configure')
    .description("draft, sign and send a new version of the ledger's configuration")
    .addHelpText('after', help)
  const add = (usage: string, description: string): Command =>
    configure
      .command(usage)
      .description(description)
      .requiredOption('--url <url>', 'address of the daemon', httpUrl)
      .option('--json', 'print one line of JSON', false)
  add('draft <wanted>', 'make a change out of a whole configuration (JSON) as it shall be')
    .requiredOption('--out <file>', 'where to write the change')
    .action(draftCommand)
  add('show <change>', 'say what a change changes, who signed it, and what the owner of the contract has to do')
    .option(
      '--rpc <url>',
      'a node of the chain: the contract is asked for its timelock, and that for its delay',
      httpUrl,
    )
    .action(showCommand)
  add('sign <change>', 'add signatures')
    .requiredOption('--key <file...>', 'secret key of a signer, 64 hex digits, readable by its owner only')
    .requiredOption('--out <file>', 'where to write the signed change')
    .action(signCommand)
  add('merge <changes...>', 'put the signatures of several files together')
    .requiredOption('--out <file>', 'where to write the signed change')
    .action(mergeCommand)
  add('send <change>', 'send it to the daemon, and say what the owner of the contract has to do')
    .option(
      '--rpc <url>',
      'a node of the chain: the contract is asked for its timelock, and that for its delay',
      httpUrl,
    )
    .action(sendCommand)
}

async function draftCommand(path: string, { url, out, json: isJson }: OutOptions): Promise<void> {
  const inForce = await fetchRules(createClient({ url }))
  const configuration = draft(inForce, readJsonFile(path, 'configuration', struct('Configuration')))
  save(out, { configuration, signatures: [] })
  tell(inForce, { configuration, signatures: [] }, isJson)
}

async function showCommand(path: string, { url, rpc, json: isJson }: CallOptions): Promise<void> {
  const change = readChange(path)
  tell(await fetchRules(createClient({ url })), change, isJson)
  if (!isJson) print(`\n${tellCalls(change, await fetchCalls(change, rpc))}`)
}

async function signCommand(path: string, options: OutOptions & { readonly key: readonly string[] }): Promise<void> {
  const inForce = await fetchRules(createClient({ url: options.url }))
  const keys = options.key.map((file) => readKeyFile(file).secretKey)
  const signed = sign(inForce, readChange(path), keys)
  save(options.out, signed)
  tell(inForce, signed, options.json)
}

async function mergeCommand(paths: readonly string[], { url, out, json: isJson }: OutOptions): Promise<void> {
  const inForce = await fetchRules(createClient({ url }))
  const merged = merge(inForce, paths.map(readChange))
  save(out, merged)
  tell(inForce, merged, isJson)
}

async function sendCommand(path: string, { url, rpc, json: isJson }: CallOptions): Promise<void> {
  const change = readChange(path)
  const calls = await fetchCalls(change, rpc) // before anything is sent: it may fail
  const { status, receipt } = await createClient({ url }).sendConfiguration(change)
  const { position } = receipt
  const { hash } = checkConfiguration(change.configuration)
  if (isJson) print(json({ status, position, hash, calls }))
  else print(`${status} at position ${position} of the log; configuration ${hash}\n\n${tellCalls(change, calls)}`)
}

/** What a change is: how it differs, who signed it, how many are needed. */
function tell(inForce: Rules, change: SignedConfiguration, isJson: boolean): void {
  const { configuration, hash } = checkNext(inForce, change.configuration)
  const { version, previous, chainId, verifyingContract: contract } = configuration
  const differences = differencesOf(inForce.configuration, configuration)
  const [signers, { threshold }] = [signersOf(inForce, change), inForce.configuration]
  if (isJson) {
    print(json({ version, hash, previous, chainId, contract, differences, signers, threshold }))
    return
  }
  print(`configuration ${hash}\nversion ${version}, after ${previous}\nchain ${chainId}, contract ${contract}\n`)
  print(differences.map(tellDifference).join('\n') || 'no difference to what is in force')
  print(`\nsigned by ${signers.length} of the ${threshold} needed: ${signers.join(', ') || 'nobody'}`)
}

interface Calls extends OwnerCalls {
  /** Undefined where no node was named. */
  readonly timelock: Hex | undefined
}

async function fetchCalls({ configuration }: SignedConfiguration, rpc: string | undefined): Promise<Calls> {
  const { verifyingContract } = configuration
  const timelock = rpc === undefined ? undefined : await fetchTimelock(rpc, verifyingContract)
  const { hash } = checkConfiguration(configuration)
  return { timelock: timelock?.address, ...ownerCalls(verifyingContract, hash, timelock?.delaySeconds) }
}

function tellCalls(change: SignedConfiguration, { timelock, schedule, execute, setConfig }: Calls): string {
  const owner = timelock === undefined ? 'To the timelock that owns the contract' : `To the timelock ${timelock}`
  return `Nothing is anchored or paid until the contract names it. ${owner}, with no ETH:
  schedule  ${schedule ?? '(name a node that says its delay: --rpc URL)'}
  execute   ${execute}
which makes it call the contract ${change.configuration.verifyingContract} with
  setConfig ${setConfig}`
}

const readChange = (path: string): SignedConfiguration =>
  readJsonFile(path, 'change of the configuration', signedConfiguration)

function save(path: string, change: SignedConfiguration): void {
  try {
    writeFileSync(path, `${JSON.stringify(signedConfiguration.write(change), null, 2)}\n`)
  } catch (cause) {
    throw new Fault('NOT_WRITTEN', (cause as Error).message, { next: 'name another file: --out', exitCode: 2, cause })
  }
}
