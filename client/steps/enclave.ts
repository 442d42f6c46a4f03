/** The enclave: that it runs now, that its key was born in one, and that its boot was announced on the chain. */
import { toHex } from '../../ledger/hex.ts'
import { checkBirth, checkStateDocument } from '../checks/attestation.ts'
import type { Finding } from '../checks/check.ts'
import { attestationIn, proveBoot } from '../checks/onChain.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, need, type VerifyOptions } from './known.ts'

export async function checkAttestation({ client, trust, nonce, nowMs }: VerifyOptions, known: Known): Promise<Finding> {
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

export async function checkBorn({ client, trust }: VerifyOptions, known: Known): Promise<Finding> {
  const [head, configHashes] = [need(known, 'head'), need(known, 'configHashes')]
  const { birthB64 } = await client.attestation()
  const { atMs } = checkBirth(birthB64, trust, { address: head.committer, configHashes })
  return {
    said: `the key was born in an enclave at ${new Date(atMs).toISOString()}`,
    facts: { address: head.committer },
  }
}

export async function checkBoot({ client, rpc, trust }: VerifyOptions, known: Known): Promise<Finding> {
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
