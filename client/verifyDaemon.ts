/**
 * Checks everything that a daemon claims against the chain, as a node of the caller's own choice shows it, and against the
 * images that the caller trusts. One check after the other, each told as soon as it is made. Runs in Node and in a browser.
 */
import { type Check, type CheckId, type Finding, runCheck } from './checks/check.ts'
import { checkConfigurations } from './steps/configuration.ts'
import { checkChain, checkContract, checkHead } from './steps/contract.ts'
import { checkAttestation, checkBoot, checkBorn } from './steps/enclave.ts'
import type { Known, LogMemory, VerifyOptions } from './steps/known.ts'
import { checkLog, checkMemory } from './steps/log.ts'
import { checkPayee, checkReceipted } from './steps/payee.ts'
import { checkPreference } from './steps/preference.ts'

const pauseMsDefault = 1_000
/** What passes by itself: a commit that has just landed is not known everywhere at once. */
const passing = new Set(['DAEMON_BEHIND', 'NODE_BEHIND', 'EPOCH_NOT_OPEN'])
const attemptsMax = 5

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
      ? ([
          ['account', 'the anchored root, by your node', () => checkPayee(options, known)],
          [
            'preference',
            "the payee's own signature in the log, or the rules there",
            () => checkPreference(options, known),
          ],
        ] as const)
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
