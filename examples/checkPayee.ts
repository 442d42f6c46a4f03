/**
 * Checks what a payee is owed without believing the daemon: the contract says which root it holds and what it paid, the
 * daemon must prove all else. `node examples/checkPayee.ts DAEMON RPC TRUST_FILE PAYEE`; ends with 1 if a lie is proved,
 * with 2 if something could not be checked.
 */
import { readFileSync } from 'node:fs'
import { type Check, createClient, createRpc, parseAddress, trust, verdictOf, verifyDaemon } from '@bursar/client'

const [url = '', rpcUrl = '', trustPath = '', payee = ''] = process.argv.slice(2)
const checks: Check[] = []
for await (const check of verifyDaemon({
  client: createClient({ url }),
  rpc: createRpc({ url: rpcUrl }),
  // Whom to believe beforehand: it must come from someone you trust, never from the daemon.
  trust: trust.read(JSON.parse(readFileSync(trustPath, 'utf8')), 'trust'),
  payee: parseAddress(payee),
  nonce: crypto.getRandomValues(new Uint8Array(32)),
  nowMs: Date.now(),
})) {
  checks.push(check)
  console.log(`${check.verdict.padEnd(8)}${check.id.padEnd(15)}${check.code ?? ''} ${check.said}`)
}
process.exitCode = { holds: 0, lie: 1, unknown: 2 }[verdictOf(checks)]
