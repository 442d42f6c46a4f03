/**
 * An emulated enclave as a process: boots an image in QEMU, ends when it ends, and takes it along when it is killed.
 * `node anvil/emulator/boot.ts --eif FILE --pki FOLDER --listen unix:/path`; then the path leads to the core's port.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { parseEndpoint } from '../../daemon/endpoint.ts'
import { openPki } from '../pki.ts'
import { firmwareFolders, qemuPath } from './qemu.ts'

interface Options {
  readonly eif: string
  readonly pki: string
  readonly listen: string
  /** A path from which the core is reached as if by another enclave. */
  readonly foreign?: string
  readonly debug: boolean
}

const corePort = 5000
const parentCid = 3
const enclaveCid = 16
const foreignCid = 17
const memoryMb = 1024
const cpus = 2
const renewLeafMs = 3_600_000
const tryAgain = 75

const options = new Command('boot')
  .description('Boots an enclave image in emulation. Needs what npm run emulator builds.')
  .requiredOption('--eif <file>', 'the image')
  .requiredOption('--pki <folder>', 'the authority under which the emulated secure module signs')
  .requiredOption('--listen <endpoint>', 'unix:/path at which the core is reached')
  .option('--foreign <path>', 'path at which the core is reached as if by a stranger')
  .option('--debug', 'report zeros for PCR0, PCR1 and PCR2, as in debug mode', false)
  .parse()
  .opts<Options>()

const folder = mkdtempSync(join(tmpdir(), 'bursar-enclave-'))
const children: ChildProcess[] = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

const renewLeaf = leafWriter(options.pki, folder)
renewLeaf()
setInterval(renewLeaf, renewLeafMs)
startBackend(options, () => startQemu(options))

/** Writes certificate and key of a fresh leaf to where the secure module reads them for each document. */
function leafWriter(pkiFolder: string, into: string): () => void {
  for (const name of ['root.der', 'intermediate.der']) copyFileSync(join(pkiFolder, name), join(into, name))
  const pki = openPki({ folder: pkiFolder, now: Date.now })
  return () => {
    const { key, certificate } = pki.leaf()
    writeFileSync(join(into, 'leaf.key'), key.export({ format: 'der', type: 'pkcs8' }), { mode: 0o600 })
    writeFileSync(join(into, 'leaf.der'), certificate)
  }
}

function startBackend({ listen, foreign }: Options, onUp: () => void): void {
  const endpoint = parseEndpoint(listen)
  if (!('path' in endpoint)) throw new RangeError('an emulated enclave listens at unix:/path')
  const forwards = [`${endpoint.path}=${corePort}@${parentCid}`]
  if (foreign) forwards.push(`${foreign}=${corePort}@${foreignCid}`)
  const backend = start('/usr/bin/python3', [
    join(import.meta.dirname, 'vsock.py'),
    ...['--vhost', join(folder, 'vhost.sock'), '--cid', `${enclaveCid}`],
    ...forwards.flatMap((forward) => ['--forward', forward]),
  ])
  createInterface({ input: backend.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line === 'up') onUp()
    else console.log(line)
  })
}

function startQemu({ eif, debug }: Options): void {
  const identity = 'id=i-0123456789abcdef0-enc0123456789abcdef,parent-id=i-0123456789abcdef0'
  const role = 'parent-role=arn:aws:iam::000000000000:role/host'
  const args = [
    ...firmwareFolders().flatMap((path) => ['-L', path]),
    ...[
      '-M',
      `nitro-enclave,vsock=vs,${identity},${role}`,
      '-chardev',
      `socket,id=vs,path=${join(folder, 'vhost.sock')}`,
    ],
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', `${cpus}`, '-m', `${memoryMb}`],
    ...['-nodefaults', '-nographic', '-no-reboot', '-serial', 'stdio', '-kernel', eif],
  ]
  const env = { NSM_TEST_PKI: folder, ...(debug ? { NSM_TEST_DEBUG: '1' } : {}) }
  start(qemuPath(), args, env).stdout?.pipe(process.stdout)
}

/** A process that dies with this one, however this one dies. */
function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.once('error', (error) => console.error(error.message))
  child.once('close', () => process.exit(tryAgain))
  children.push(child)
  return child
}
