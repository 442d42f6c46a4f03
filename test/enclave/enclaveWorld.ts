/** A core in an emulated enclave, a KMS with a key for its image, a chain with its contract; the test is the host. */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect } from 'vitest'
import { brokerOnArbitrum, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createEnclaves } from '../../anvil/emulator/enclaves.ts'
import { makeTestImage, type TestImage } from '../../anvil/emulator/testImage.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import type { Measurement } from '../../attestation/verify.ts'
import type { CoreConnection } from '../../daemon/enclaveClient.ts'
import { createKms, type Kms } from '../../daemon/kms.ts'
import { type Hex, toBytes, toHex, zeroHash } from '../../ledger/hex.ts'
import type { Configuration } from '../../ledger/structs.ts'
import type { HeadProof, Result } from '../../protocol/messages.ts'
import { useChains } from '../chain/chains.ts'
import { adminStatement, attestedStatement, hostRole, region, startKms } from '../chain/kmsWorld.ts'
import { configuration } from '../unit/ledger/support.ts'

/** All that a host keeps of a core, and all that is left when the host is lost. */
export interface Kept {
  readonly wrappedKeys: Result<'genesis'>['wrappedKeys']
  readonly sealed: Uint8Array[]
}

export interface EnclaveWorld {
  readonly enclaves: ReturnType<typeof createEnclaves>
  readonly image: TestImage
  readonly measurement: Measurement
  readonly keyId: string
  readonly kms: Kms
  readonly wallet: Wallet
  readonly treasury: Hex
  readonly settings: Configuration
  /** Deploys the treasury for a key that was born. */
  deploy(genesis: Result<'genesis'>): Promise<unknown>
  /** Loads what was kept into a fresh core, with the help of KMS. */
  load(core: CoreConnection, kept: Kept): Promise<void>
}

/** Everything up to genesis, for one test file. */
export function useEnclaveWorld(): EnclaveWorld {
  const world = {} as { -readonly [K in keyof EnclaveWorld]: EnclaveWorld[K] }
  const startChain = useChains()
  let server: Awaited<ReturnType<typeof startKms>>

  beforeAll(async () => {
    world.enclaves = createEnclaves()
    world.image = makeTestImage(world.enclaves.folder)
    const { pcr0, pcr1, pcr2 } = world.image.manifest.measurement
    const register = (hex: string) => toBytes(`0x${hex}`)
    world.measurement = [register(pcr0), register(pcr1), register(pcr2)]
    server = await startKms({ attestationRoot: world.image.root })
    const { keyId, publicKey } = await server.createKey([adminStatement, attestedStatement(world.measurement)])
    world.keyId = keyId
    world.kms = createKms({ region, endpoint: server.endpoint, credentials: hostRole, timeoutMs: 30_000 })

    const { rpcUrl, chainId } = await startChain({ kind: 'local' })
    world.wallet = await createFundedWallet(rpcUrl, '200')
    const broker = await findOrDeployBroker(world.wallet, brokerOnArbitrum)
    await startRound(world.wallet, broker)
    world.treasury = await predictAddress(world.wallet)
    world.settings = configuration({
      chainId: BigInt(chainId),
      verifyingContract: world.treasury,
      broker: broker.broker,
      kmsKeys: [toHex(publicKey)],
    })
    world.deploy = ({ address: committer, configHash }) =>
      deployTreasury(world.wallet, { predicted: world.treasury, committer, configHash, broker })
    world.load = (core, kept) => load(world, core, kept)
  })
  afterAll(async () => {
    await world.enclaves.close()
    world.kms.close()
    await server.stop()
  })
  return world
}

async function load({ kms, keyId }: EnclaveWorld, core: CoreConnection, { wrappedKeys, sealed }: Kept): Promise<void> {
  const [wrapped] = wrappedKeys as [Kept['wrappedKeys'][0]]
  const { documentB64: attestation } = await core.request('unwrap_request', {})
  const publicKey = toBytes(wrapped.ephemeralKey)
  const ciphertextB64 = await kms.deriveSharedSecret({ keyId, publicKey, attestation })
  await core.request('load_state', { key: { wrapped, ciphertextB64 }, sealed: sealed, isLast: true })
}

/** The head of a contract on which no commit has landed. */
export const firstHead: HeadProof = {
  epoch: 0n,
  boot: zeroHash,
  counter: 0n,
  root: zeroHash,
  made: null,
  consistency: [],
}

/** Sends bytes, says that there are no more, and waits for the end of the connection. @returns what came back */
export const sayRaw = (path: string, bytes: Uint8Array): Promise<Buffer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(path, () => socket.end(bytes))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })

/** Lands a transaction that the core signed. */
export async function land({ chain }: Wallet, serializedTransaction: Hex): Promise<void> {
  const hash = await chain.sendRawTransaction({ serializedTransaction })
  expect((await chain.waitForTransactionReceipt({ hash })).status).toBe('success')
}
