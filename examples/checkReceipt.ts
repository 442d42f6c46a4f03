/**
 * Checks a receipt alone, offline but for one question: the contract, by a node of your own choice, names the key that must
 * have signed. `node examples/checkReceipt.ts RPC CONTRACT RECEIPT_FILE`; ends with 1 if the receipt is forged.
 */
import { readFileSync } from 'node:fs'
import {
  batchLeafHash,
  checkReceipt,
  createRpc,
  createTreasury,
  ProvedLie,
  parseAddress,
  receiptFile,
} from '@bursar/client'

const [rpcUrl = '', contract = '', path = ''] = process.argv.slice(2)
const rpc = createRpc({ url: rpcUrl })
const treasury = createTreasury({ rpc, address: parseAddress(contract) })
const domain = { chainId: await rpc.chainId(), verifyingContract: treasury.address }
const { batch, receipt } = receiptFile.read(JSON.parse(readFileSync(path, 'utf8')), 'receipt')
const { committer, logSize } = await treasury.head()
try {
  checkReceipt(domain, committer, receipt, batchLeafHash(batch))
  const state = BigInt(receipt.position) < logSize ? 'anchored' : 'provisional: no commit covers it yet'
  console.log(`batch ${batch.batch.sequence} is entry ${receipt.position} of the log, ${state}`)
} catch (error) {
  if (!(error instanceof ProvedLie)) throw error
  console.log(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
