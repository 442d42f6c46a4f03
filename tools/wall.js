// The wall between trusted and untrusted code, as a list of what each folder may import. A folder that is not named
// here may import anything; the measured five may import nothing beside what is justified in docs/SECURITY.md.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { root } from './run.js'

const noble = ['@noble/curves', '@noble/hashes']

/** Folders and packages that each folder may import, itself aside. `node:` stands for the standard library. */
const allowed = {
  primitives: { folders: [], packages: [...noble, 'node:', 'hash-wasm', 'secp256k1'] },
  attestation: { folders: [], packages: noble },
  ledger: { folders: [], packages: [...noble, '#primitives'] },
  protocol: { folders: ['ledger'], packages: ['#primitives'] },
  enclave: { folders: ['attestation', 'ledger', 'protocol'], packages: ['#primitives', 'node:'] },
  client: { folders: ['primitives', 'attestation', 'ledger', 'protocol', 'abi'], packages: [...noble, '#primitives'] },
  daemon: { folders: ['attestation', 'ledger', 'protocol', 'client', 'abi'] },
  cli: { folders: ['attestation', 'ledger', 'protocol', 'client', 'daemon', 'abi', 'tools'] },
  web: { folders: ['attestation', 'ledger', 'protocol', 'client'], packages: ['preact'] },
  abi: { folders: [], packages: [] },
}

/** One sentence for each import that goes where it may not. */
export function wallFaults() {
  return Object.entries(allowed).flatMap(([folder, rule]) =>
    filesUnder(join(root, folder)).flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayImport(folder, rule, file, target))
        .map((target) => `${relative(root, file)} imports ${target}, which ${folder}/ may not`),
    ),
  )
}

function mayImport(folder, { folders, packages }, file, target) {
  if (target.startsWith('.')) {
    const place = relative(root, resolve(dirname(file), target)).split('/')[0]
    return place === folder || folders.includes(place)
  }
  return (
    packages === undefined ||
    packages.some((name) => target === name || target.startsWith(name.endsWith(':') ? name : `${name}/`))
  )
}

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => /\.[jt]sx?$/.test(name))
    .map((name) => join(folder, name))

const importsOf = (file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g)].map(([, target]) => target)
