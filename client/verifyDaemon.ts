/**
 * Checks everything that a daemon claims against the chain, as a node of the caller's own choice shows it, and against the
 * images that the caller trusts. One check after the other, each told as soon as it is made. Runs in Node and in a browser.
 */
import { checkConfiguration, checkNextConfiguration, type Rules } from '../ledger/config.ts'
import { authenticate, bringsNewKey, entryLeaf, type SignedBatch, type SignedConfiguration } from '../ledger/entry.ts'
import { leafHash, verifyInclusion } from '../ledger/eventLog.ts'
import { type Hex, toHex } from '../ledger/hex.ts'
import type { Receipt } from '../ledger/receipt.ts'
import { Refusal } from '../ledger/refusal.ts'
import type { Domain } from '../ledger/typedData.ts'
import type { StatusAnswer } from './api.ts'
import { ApiError } from './apiError.ts'
import { batchLeafHash } from './batch.ts'
import type { Rpc } from './chain/rpc.ts'
import { createTreasury, type Head, type Treasury } from './chain/treasury.ts'
import { checkBirth, checkStateDocument } from './checks/attestation.ts'
import { type Check, type CheckId, type Finding, runCheck } from './checks/check.ts'
import { checkAccount, checkContinues, checkLogHead, checkReceipt, type LogSight } from './checks/claims.ts'
import { proveNoAccount } from './checks/noAccount.ts'
import { attestationIn, type ProvenAnchor, proveAnchor, proveBoot } from './checks/onChain.ts'
import type { Trust } from './checks/trust.ts'
import type { Client } from './client.ts'
import { NotChecked, ProvedLie } from './verdict.ts'

/** What is remembered from one time to the next. */
export interface LogMemory extends LogSight {
  readonly contract: Hex
}

export interface VerifyOptions {
  readonly client: Client
  readonly rpc: Rpc
  readonly trust: Trust
  /** Whose account is to be proved. */
  readonly payee?: Hex
  /** A receipt and the batch that it is for. */
  readonly receipt?: { readonly batch: SignedBatch; readonly receipt: Receipt }
  /** The log as it was seen the last time. */
  readonly memory?: LogMemory
  /** 32 bytes that nobody could know before: what makes the attestation fresh. */
  readonly nonce: Uint8Array
  /** The caller's clock, ms since 1970: certificates must be valid now. */
  readonly nowMs: number
  /** How long to wait before a check is made again that only came a moment too early, ms. */
  readonly pauseMs?: number
  /** How far behind the chain a daemon may be before what it shows counts as old, seconds. */
  readonly lagSeconds?: number
}

const lagSecondsDefault = 120n
const pauseMsDefault = 1_000
/** What passes by itself: a commit that has just landed is not known everywhere at once. */
const passing = new Set(['DAEMON_BEHIND', 'NODE_BEHIND', 'EPOCH_NOT_OPEN'])
const attemptsMax = 5

/** What later checks need of earlier ones; undefined where those did not succeed. */
interface Known {
  domain?: Domain
  treasury?: Treasury
  head?: Head
  status?: StatusAnswer
  anchor?: ProvenAnchor
  log?: LogSight
  configHashes?: readonly Hex[]
}

/** Yields each check; returns the sight of the log to remember for the next time, if it stood every check. */
export async function* verifyDaemon(options: VerifyOptions): AsyncGenerator<Check, LogMemory | undefined> {
  const known: Known = {}
  const steps: readonly (readonly [CheckId, string, () => Promise<Finding>])[] = [
    ['chain', 'your node', () => checkChain(options, known)],
    ['contract', 'your node', () => checkContract(options, known)],
    ['head', 'the contract, by your node', () => checkHead(options, known)],
    ['log', "the anchored root, and the core's signature", () => checkLog(options, known)],
    ...(options.memory ? [['memory', 'what you saw the last time', () => checkMemory(options, known)] as const] : []),
    ['configuration', 'the log, and the contract by your node', () => checkConfigurations(options, known)],
    ['attestation', 'the attestation root and images that you trust', () => checkAttestation(options, known)],
    ['birth', 'the attestation root and images that you trust', () => checkBorn(options, known)],
    ['boot', 'calldata on the chain, and the images that you trust', () => checkBoot(options, known)],
    ...(options.payee
      ? [['account', 'the anchored root, by your node', () => checkPayee(options, known)] as const]
      : []),
    ...(options.receipt
      ? [['receipt', "the core's signature and the anchored root", () => checkReceipted(options, known)] as const]
      : []),
  ]
  let isLogSound = true
  for (const [id, restsOn, work] of steps) {
    let check = await runCheck(id, restsOn, work)
    for (let attempt = 1; attempt < attemptsMax && passing.has(check.code ?? ''); attempt++) {
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs ?? pauseMsDefault))
      check = await runCheck(id, restsOn, work)
    }
    if (['head', 'log', 'memory'].includes(id) && check.verdict !== 'holds') isLogSound = false
    yield check
  }
  const { log, treasury } = known
  return isLogSound && log && treasury ? { ...log, contract: treasury.address } : undefined
}

/** What an earlier check should have found. @throws NotChecked `NEEDS_EARLIER` */
function need<K extends keyof Known>(known: Known, name: K): NonNullable<Known[K]> {
  const value = known[name]
  if (value === undefined) throw new NotChecked('NEEDS_EARLIER', 'this needs a check above that did not succeed')
  return value as NonNullable<Known[K]>
}

async function checkChain({ client, rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const status = await client.status()
  const chainId = trust.chainId ?? status.chainId
  if (status.chainId !== chainId)
    throw new ProvedLie('OTHER_CHAIN', 'the daemon works for another chain than the one you trust', {
      trusted: `${chainId}`,
      claimed: `${status.chainId}`,
    })
  const served = await rpc.chainId()
  if (served !== chainId)
    throw new NotChecked('NODE_OF_OTHER_CHAIN', 'your node serves another chain', {
      facts: { expected: `${chainId}`, got: `${served}` },
    })
  known.status = status
  return { said: `chain ${chainId}`, facts: { chain: `${chainId}` } }
}

async function checkContract({ rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const { verifyingContract, chainId } = need(known, 'status')
  const address = trust.contract ?? verifyingContract
  if (address !== verifyingContract)
    throw new ProvedLie('OTHER_CONTRACT', 'the daemon works for another contract than the one you trust', {
      trusted: address,
      claimed: verifyingContract,
    })
  const treasury = createTreasury({ rpc, address })
  const owner = (await hasCode(rpc, address)) ? await treasury.get('owner') : undefined
  if (owner === undefined || !(await hasCode(rpc, owner)))
    throw new ProvedLie('NO_CONTRACT', 'there is no contract at this address, or its owner is no timelock', { address })
  if (await treasury.get('frozen')) throw new ProvedLie('FROZEN', 'the contract is frozen for good: exit', { address })
  known.domain = { chainId, verifyingContract: address }
  known.treasury = treasury
  const [guardian, silence] = [await treasury.get('guardian'), await treasury.get('silence')]
  const who = trust.contract
    ? 'the contract that you trust'
    : 'the contract that the daemon names: nobody vouches for it'
  return { said: `${address}, ${who}`, facts: { address, owner, guardian, silence_s: `${silence}` } }
}

const hasCode = async (rpc: Rpc, address: Hex): Promise<boolean> => (await rpc.code(address)) !== '0x'

async function checkHead({ client, rpc, lagSeconds }: VerifyOptions, known: Known): Promise<Finding> {
  const treasury = need(known, 'treasury')
  const status = await client.status()
  const { head: claimed } = status
  known.status = status
  const head = await treasury.head()
  known.head = head
  const facts = { counter: `${head.counter}`, root: head.root, epoch: `${head.epoch}` }
  if (!claimed)
    throw new NotChecked('HEAD_NOT_KNOWN', 'the daemon has not read the head of the contract yet', { facts })
  if (claimed.counter > head.counter)
    throw new NotChecked('NODE_BEHIND', 'the daemon knows a newer head than your node', { facts })
  if (claimed.counter === head.counter && claimed.root !== head.root)
    throw new ProvedLie('WRONG_ROOT', 'the daemon shows another root than the contract holds', {
      ...facts,
      claimed: claimed.root,
    })
  if (claimed.counter < head.counter) await judgeLag(rpc, head, claimed.counter, lagSeconds)
  return { said: `root ${head.root}, commit ${head.counter}, epoch ${head.epoch}`, facts }
}

/** A daemon is told of a commit seconds after it; what it shows much later is old on purpose, or it is broken. */
async function judgeLag(rpc: Rpc, head: Head, counter: bigint, lagSeconds: number | undefined): Promise<void> {
  const { timestamp } = await rpc.block()
  const facts = { shown: `${counter}`, counter: `${head.counter}`, behind_s: `${timestamp - head.committedAt}` }
  if (timestamp - head.committedAt > (lagSeconds === undefined ? lagSecondsDefault : BigInt(lagSeconds)))
    throw new ProvedLie('OLD_ROOT', 'the daemon shows a root that was replaced long ago', facts)
  throw new NotChecked('DAEMON_BEHIND', 'a commit has just landed that the daemon does not show yet: ask again', {
    facts,
  })
}

async function checkLog({ client, rpc, lagSeconds }: VerifyOptions, known: Known): Promise<Finding> {
  const [treasury] = [need(known, 'treasury'), need(known, 'head')]
  const { anchored } = await client.ledgerHead()
  const { size, root, signed } = await client.log()
  const log = { size, root }
  const head = await treasury.head() // after the daemon was asked: it may be behind the chain, never ahead of it
  known.head = head
  if (signed) {
    checkLogHead(need(known, 'domain'), head.committer, signed)
    if (signed.epoch === head.epoch && signed.boot !== head.boot)
      throw new ProvedLie('UNKNOWN_BOOT', 'the log is signed in this epoch by a boot that the contract does not know')
    const sight = { size: Number(signed.size), root: signed.root }
    checkContinues(sight, log, await client.consistency(sight.size, Math.max(size, sight.size)))
  }
  if (head.counter > 0n && !anchored)
    throw new NotChecked('DAEMON_BEHIND', 'the daemon does not know of any commit yet')
  if (anchored) {
    const anchor = await proveAnchor(treasury, head, anchored)
    if (anchor.counter < head.counter) await judgeLag(rpc, head, anchor.counter, lagSeconds)
    const { logSize, logRoot } = anchor.commitment
    const older = { size: Number(logSize), root: logRoot }
    if (older.size > size) checkContinues(older, log, [])
    checkContinues(older, log, await client.consistency(older.size, size))
    known.anchor = anchor
  }
  known.log = log
  const part = anchored ? `${anchored.commitment.logSize} of them anchored` : 'nothing anchored yet'
  return { said: `${size} entries, ${part}`, facts: { size, root } }
}

async function checkMemory({ client, memory }: VerifyOptions, known: Known): Promise<Finding> {
  const log = need(known, 'log')
  const older = memory as LogMemory
  if (older.contract !== need(known, 'treasury').address)
    throw new NotChecked('OTHER_MEMORY', 'the last time it was the log of another contract')
  checkContinues(older, log, older.size > log.size ? [] : await client.consistency(older.size, log.size))
  return { said: `the log of ${older.size} entries seen before is a prefix of this one`, facts: { size: older.size } }
}

async function checkConfigurations({ client }: VerifyOptions, known: Known): Promise<Finding> {
  const [head, log, treasury] = [need(known, 'head'), need(known, 'log'), need(known, 'treasury')]
  const { configurations } = await client.configurations()
  const hashes: Hex[] = []
  let rules: Rules | undefined
  for (const { position, entry } of configurations) {
    const { path } = await client.inclusion(position, log.size)
    const leaf = leafHash(entryLeaf(entry))
    if (!verifyInclusion({ leaf, index: position, size: log.size, path }, log.root))
      throw new ProvedLie('CONFIGURATION_NOT_IN_LOG', 'a configuration is not in the log where the daemon says', {
        position,
      })
    rules = rules ? follow(rules, entry, head) : checkConfiguration(entry.configuration)
    hashes.push(rules.hash)
  }
  if (!rules) throw new NotChecked('NO_CONFIGURATION', 'the daemon shows no configuration')
  if (!hashes.includes(head.configHash))
    throw new NotChecked('CONFIGURATION_PENDING', 'the contract names a configuration that is not in the log yet', {
      facts: { config_hash: head.configHash },
    })
  if ((await treasury.get('broker')) !== rules.configuration.broker)
    throw new ProvedLie('WRONG_BROKER', 'the configuration names another broker than the contract pays through')
  known.configHashes = hashes
  return {
    said: `version ${rules.configuration.version} is in the log, and the contract names it`,
    facts: { config_hash: head.configHash, versions: hashes.length },
  }
}

/** A configuration follows by the signatures of the one before, or by a new key that the contract admitted with it. @throws ProvedLie, NotChecked */
function follow(rules: Rules, entry: SignedConfiguration, head: Head): Rules {
  const isNewKey = bringsNewKey(entry)
  try {
    if (!isNewKey) authenticate(rules, entry)
    const next = checkNextConfiguration(rules, entry.configuration, { isNewKey })
    if (isNewKey && next.hash !== head.configHash)
      throw new NotChecked(
        'OLD_ADMISSION',
        'a configuration that came with a new key was replaced since: audit tells more',
      )
    return next
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new ProvedLie(
      'CONFIGURATION_NOT_SIGNED',
      `a configuration does not follow the one before: ${error.message}`,
      {
        refusal: error.code,
      },
    )
  }
}

async function checkAttestation({ client, trust, nonce, nowMs }: VerifyOptions, known: Known): Promise<Finding> {
  const head = await need(known, 'treasury').head()
  const status = await client.status()
  const { documentB64 } = await client.attestation(toHex(nonce))
  const state = checkStateDocument(documentB64, trust, { nonce, at: nowMs })
  const differ = (code: string, words: string, a: unknown, b: unknown): void => {
    if (a !== b) throw new ProvedLie(code, words, { attested: `${a}`, contract: `${b}` })
  }
  differ('OTHER_KEY', 'the enclave holds another key than the contract follows', state.address, head.committer)
  if (!status.isEpochOpen || state.epoch !== head.epoch)
    throw new NotChecked(
      'EPOCH_NOT_OPEN',
      'the enclave is not in the epoch of the contract: it is starting, or was replaced',
    )
  differ('OTHER_BOOT', 'the enclave is another boot than the contract follows', state.boot, head.boot)
  differ('OTHER_CONFIGURATION', 'the enclave is under another configuration', state.configHash, head.configHash)
  if (state.counter === head.counter)
    differ('OTHER_ROOT', 'the enclave holds another root than the contract', state.root, head.root)
  const { moduleId } = state.attestation.document
  return {
    said: 'the enclave that the contract follows runs now, from an image that you trust',
    facts: { module: moduleId, address: state.address, boot: state.boot, epoch: `${state.epoch}` },
  }
}

async function checkBorn({ client, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const [head, configHashes] = [need(known, 'head'), need(known, 'configHashes')]
  const { birthB64 } = await client.attestation()
  const { atMs } = checkBirth(birthB64, trust, { address: head.committer, configHashes })
  return {
    said: `the key was born in an enclave at ${new Date(atMs).toISOString()}`,
    facts: { address: head.committer },
  }
}

async function checkBoot({ client, rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const [head, treasury] = [need(known, 'head'), need(known, 'treasury')]
  if (head.epoch === 0n) throw new NotChecked('EPOCH_NOT_OPEN', 'no epoch was opened yet')
  const { boot, transactionHash } = await proveBoot(client, treasury, head.epoch)
  const calldata = await rpc.calldata(transactionHash)
  const document = calldata && attestationIn(calldata)
  if (!document) throw new NotChecked('NO_CALLDATA', 'your node does not have the call that opened this epoch')
  const state = checkStateDocument(document, trust, { at: 'document' })
  if (boot !== head.boot || state.boot !== head.boot || state.address !== head.committer)
    throw new ProvedLie('OTHER_BOOT', 'the document that opened this epoch is of another boot or key', {
      boot: head.boot,
      attested: state.boot,
    })
  return {
    said: `epoch ${head.epoch} was opened with its attestation in public`,
    facts: { transaction: transactionHash },
  }
}

async function checkPayee({ client, rpc, payee: wanted, lagSeconds }: VerifyOptions, known: Known): Promise<Finding> {
  const [treasury, payee] = [need(known, 'treasury'), wanted as Hex]
  const account = await client.account(payee).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  })
  if (!account) return proveNoAccount(client, need(known, 'anchor'), payee)
  const head = await treasury.head()
  const { anchored } = account
  if (anchored && anchored.counter > head.counter)
    throw new NotChecked('NODE_BEHIND', 'the daemon proves against a newer root than your node knows')
  if (anchored && anchored.counter < head.counter) await judgeLag(rpc, head, anchored.counter, lagSeconds)
  const { earnedWei } = checkAccount(account, payee, head.root)
  const paidWei = await treasury.paid(payee, account.paidAtBlock ?? undefined)
  if (paidWei !== account.paidWei)
    throw new ProvedLie('WRONG_PAID', 'the daemon says that another sum was paid than the contract', {
      claimed: `${account.paidWei}`,
      contract: `${paidWei}`,
      block: `${account.paidAtBlock}`,
    })
  if (paidWei > account.earnedWei)
    throw new ProvedLie('PAID_ABOVE_EARNED', 'the contract paid more than the daemon says was earned', {
      paid: `${paidWei}`,
      earned: `${account.earnedWei}`,
    })
  const owedWei = earnedWei > paidWei ? earnedWei - paidWei : 0n
  const newerWei = account.earnedWei - earnedWei
  const newer = newerWei > 0n ? `; ${newerWei} wei more since, not anchored yet: the daemon's word` : ''
  return {
    said: `earned ${earnedWei} wei by commit ${head.counter}, paid ${paidWei} wei, owed ${owedWei} wei${newer}`,
    facts: {
      payee,
      earned_wei: `${earnedWei}`,
      paid_wei: `${paidWei}`,
      owed_wei: `${owedWei}`,
      newer_wei: `${newerWei}`,
    },
  }
}

async function checkReceipted({ client, receipt: given }: VerifyOptions, known: Known): Promise<Finding> {
  const { batch, receipt } = given as NonNullable<VerifyOptions['receipt']>
  const [domain, head, treasury, log] = [
    need(known, 'domain'),
    need(known, 'head'),
    need(known, 'treasury'),
    need(known, 'log'),
  ]
  checkReceipt(domain, head.committer, receipt, batchLeafHash(batch))
  const { boot } = receipt.head.epoch === head.epoch ? head : await proveBoot(client, treasury, receipt.head.epoch)
  if (boot !== receipt.head.boot)
    throw new ProvedLie('UNKNOWN_BOOT', 'the receipt is of a boot that the contract does not know', {
      boot: receipt.head.boot,
    })
  const sight = { size: Number(receipt.head.size), root: receipt.head.root }
  checkContinues(sight, log, sight.size > log.size ? [] : await client.consistency(sight.size, log.size))
  const isAnchored = BigInt(receipt.position) < (known.anchor?.commitment.logSize ?? 0n)
  const state = isAnchored ? 'anchored' : 'provisional: no commit covers it yet'
  return {
    said: `batch ${batch.batch.sequence} is entry ${receipt.position}, ${state}`,
    facts: { position: receipt.position },
  }
}
