/** The SDK: build and sign batches, talk to the daemon, check what it says. Runs in Node and in a browser. */

export type { SignedConfiguration } from '../ledger/entry.ts'
export type { Hex } from '../ledger/hex.ts'
export type { Commitment, Event } from '../ledger/structs.ts'
export type { Domain } from '../ledger/typedData.ts'
export type {
  AccountAnswer,
  AttestationAnswer,
  BatchAnswer,
  Discrepancy,
  LaneShown,
  LanesAnswer,
  LedgerHeadAnswer,
  Payout,
  PayoutsAnswer,
  ReconciliationAnswer,
  ReporterAnswer,
  StatusAnswer,
} from './api.ts'
export { ApiError } from './apiError.ts'
export { addressOfKey, type BatchToSign, batchLeafHash, signBatch } from './batch.ts'
export { createRpc, type Rpc, type RpcOptions } from './chain/rpc.ts'
export { createTreasury, type Head, type Treasury } from './chain/treasury.ts'
export { type AttestedState, checkBirth, checkStateDocument } from './checks/attestation.ts'
export { type Check, type CheckId, checkIds, verdictOf } from './checks/check.ts'
export { checkAccount, checkContinues, checkLogHead, checkReceipt, type LogSight } from './checks/claims.ts'
export { type Trust, trust, trustDefault } from './checks/trust.ts'
export { type ClaimCall, encodeClaim } from './claim.ts'
export {
  type Client,
  type ClientOptions,
  createClient,
  type PageQuery,
  type PayoutsQuery,
  type RequestOptions,
} from './client.ts'
export { signConfiguration } from './configuration.ts'
export type { SentBatch, SentPreference } from './entries.ts'
export { credit, debit, sessionEnd, sessionHeartbeat, sessionStart, workload } from './events.ts'
export { type Evidence, evidence, type Judgement, judgeEvidence } from './evidence.ts'
export { idToBytes32, parseAddress } from './ids.ts'
export { fetchAccounts, type LaneAccount, type LaneAccounts, laneClient } from './lanes.ts'
export type {
  AccountsAnswer,
  Anchor,
  AnchorsAnswer,
  Boot,
  BootsAnswer,
  ConfigurationsAnswer,
  InclusionAnswer,
  LogAnswer,
} from './logApi.ts'
export { LogTree } from './logTree.ts'
export { type PreferenceToSign, signPreference } from './preference.ts'
export { receiptFile } from './receiptFile.ts'
export type { LogMemory, VerifyOptions } from './steps/known.ts'
export { NotChecked, ProvedLie } from './verdict.ts'
export {
  type AccountProof,
  type Receipt,
  verifyAccount,
  verifyConsistency,
  verifyInclusion,
  verifyReceipt,
} from './verify.ts'
export { verifyDaemon } from './verifyDaemon.ts'
