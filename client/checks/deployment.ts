/** A treasury as it is to be deployed, and as it was: what `npm run deploy` reads and writes, for daemon, command line and page. */
import { hex, object, uint, type Value } from '../../protocol/codec.ts'

const address = hex(20)
const seconds = uint(32)
const wei = uint(96)

/** The constructor's `Terms`; contracts/src/interfaces/ITreasury.sol says what each means. */
const terms = object({
  committer: address,
  configHash: hex(32),
  broker: address,
  roundsManager: address,
  operator: address,
  guardian: address,
  delay: seconds,
  haltMax: seconds,
  silence: seconds,
  window: seconds,
  cap: wei,
  capFloor: wei,
})

const order = {
  chainId: uint(64),
  /** It follows from the deployer and its nonce, so that the ledger's configuration could name it beforehand. */
  contract: address,
  terms,
}

export const deploymentOrder = object(order)
export type DeploymentOrder = Value<typeof deploymentOrder>

export const deployment = object({
  ...order,
  /** The timelock. */
  owner: address,
  /** Before this block nothing of it happened. */
  fromBlock: uint(64),
  /** The terms as the constructor was given them: ABI-encoded. */
  constructorArguments: hex(12 * 32),
})
export type Deployment = Value<typeof deployment>
