// Writes abi/code.ts: what tells the contracts' compiled code from any other, for those who check a deployment.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { buildContracts } from '../contracts/script/artifacts.ts'
import { root } from './run.js'

const contracts = ['Treasury', 'Timelock']
buildContracts(contracts)

const lines = contracts.map((name) => {
  const artifact = readFileSync(join(root, `.build/forge/product/out/${name}.sol/${name}.json`), 'utf8')
  const { object, immutableReferences } = JSON.parse(artifact).deployedBytecode
  const code = Buffer.from(object.slice(2), 'hex')
  // Each immutable is one word, written at several places; before deployment there are zeros.
  const immutables = Object.values(immutableReferences).map((places) => places.map(({ start }) => start))
  return `  ${name}: {
    bytes: ${code.length},
    hash: '0x${Buffer.from(keccak_256(code)).toString('hex')}',
    immutables: ${JSON.stringify(immutables.sort(([a], [b]) => a - b))},
  },
`
})

writeFileSync(
  join(root, 'abi/code.ts'),
  `// Made by \`npm run abi\` from what the compiler says.

/** Deployed code before its immutables are filled in: its length, its keccak256, and where each immutable stands. */
export const compiledCode = {
${lines.join('')}} as const
`,
)
