/**
 * The reporter's memory: each batch, from before it is first sent until a commit covers it, and how far its input was read.
 *
 * One SQLite file, every write forced to disk, held by one process at a time: two that shared it would sign two batches
 * under one sequence. Sequences only grow; a batch and the place of its input are written together or not at all.
 */
import { DatabaseSync } from 'node:sqlite'
import { receipt as receiptCodec } from '../client/api.ts'
import { signedBatch } from '../client/entries.ts'
import type { Domain, Hex, Receipt, SentBatch } from '../client/index.ts'
import { atomically } from './atomically.ts'
import { Fault } from './fault.ts'
import type { InputPlace } from './inputPlace.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS reporter (
    address TEXT PRIMARY KEY, chain_id TEXT, contract TEXT, core TEXT, next_sequence INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS batches (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, receipt TEXT);
  CREATE TABLE IF NOT EXISTS lost_receipts (sequence INTEGER NOT NULL, body TEXT NOT NULL, receipt TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS inputs (input TEXT PRIMARY KEY, lines INTEGER NOT NULL, digest TEXT NOT NULL);
`

/** The contract and the core that this reporter works for, fixed at its first run. */
export interface Pins {
  readonly domain: Domain
  readonly core: Hex
}

export type Outbox = ReturnType<typeof openOutbox>

/** Opens or creates the file. @throws Fault `STATE_IN_USE`, `STATE_UNREADABLE`, `STATE_OF_OTHER_KEY` */
export function openOutbox(path: string, reporter: Hex) {
  const db = lock(path)
  const row = db.prepare('SELECT address FROM reporter').get()
  if (!row) db.prepare('INSERT INTO reporter (address, next_sequence) VALUES (?, 0)').run(reporter)
  else if (row.address !== reporter)
    throw new Fault('STATE_OF_OTHER_KEY', `${path} belongs to reporter ${row.address}, and this key is ${reporter}`, {
      next: 'name another file with --state, or the key of that reporter with --key',
      exitCode: 2,
    })

  const self = () => db.prepare('SELECT * FROM reporter').get() as Record<string, string | number | null>
  const setNext = db.prepare('UPDATE reporter SET next_sequence = ?')
  const insertBatch = db.prepare('INSERT INTO batches (sequence, body) VALUES (?, ?)')
  const insertInput = db.prepare('INSERT OR REPLACE INTO inputs VALUES (?, ?, ?)')
  const insert = (batch: SentBatch): unknown => insertBatch.run(batch.batch.sequence, write(batch))

  return {
    /** Undefined before the first run that reached the daemon. */
    pins(): Pins | undefined {
      const { chain_id, contract, core } = self()
      if (chain_id === null) return undefined
      return { domain: { chainId: BigInt(chain_id as string), verifyingContract: contract as Hex }, core: core as Hex }
    },

    pin({ domain, core }: Pins): void {
      const { chainId, verifyingContract } = domain
      db.prepare('UPDATE reporter SET chain_id = ?, contract = ?, core = ?').run(`${chainId}`, verifyingContract, core)
    },

    /** Sequence of the next new batch. */
    nextSequence: (): bigint => BigInt(self().next_sequence as number),

    /** Goes on at another sequence, because the state that knew the batches before it is gone. */
    adoptSequence: (sequence: bigint): unknown => setNext.run(sequence),

    /** Stores a new batch under the next sequence, and that its input was read up to here. */
    add(batch: SentBatch, { input, lines, digest }: InputPlace): void {
      atomically(db, () => {
        insert(batch)
        insertInput.run(input, lines, digest)
        setNext.run(batch.batch.sequence + 1n)
      })
    },

    /** Puts batches in the place of all from this sequence on, of which none was accepted. They follow each other. */
    replaceFrom(sequence: bigint, batches: readonly SentBatch[]): void {
      atomically(db, () => {
        db.prepare('DELETE FROM batches WHERE sequence >= ?').run(sequence)
        for (const batch of batches) insert(batch)
        setNext.run(sequence + BigInt(batches.length))
      })
    },

    /** The batches from this sequence on, in order. */
    batchesFrom(sequence: bigint): SentBatch[] {
      return db.prepare('SELECT body FROM batches WHERE sequence >= ? ORDER BY sequence').all(sequence).map(readBody)
    },

    /** The oldest batch without a receipt. */
    firstPending(): SentBatch | undefined {
      const row = db.prepare('SELECT body FROM batches WHERE receipt IS NULL ORDER BY sequence LIMIT 1').get()
      return row && readBody(row)
    },

    acknowledge(sequence: bigint, receipt: Receipt): void {
      const text = JSON.stringify(receiptCodec.write(receipt))
      db.prepare('UPDATE batches SET receipt = ? WHERE sequence = ?').run(text, sequence)
    },

    /** Receipts of the batches that no commit covers yet, oldest first. */
    receipts(): Receipt[] {
      const rows = db.prepare('SELECT receipt FROM batches WHERE receipt IS NOT NULL ORDER BY sequence').all()
      return rows.map((row) => receiptCodec.read(JSON.parse(row.receipt as string), ''))
    },

    /** Whether every batch from this sequence on is still here to be sent again. */
    holdsFrom(sequence: bigint): boolean {
      const row = db.prepare('SELECT count(*) AS count FROM batches WHERE sequence >= ?').get(sequence)
      return BigInt(row?.count as number) === BigInt(self().next_sequence as number) - sequence
    },

    /** Takes the receipts from this sequence on as broken promises: kept as proofs, and their batches are to be sent again. */
    markLost(from: bigint): void {
      atomically(db, () => {
        db.prepare(
          'INSERT INTO lost_receipts SELECT sequence, body, receipt FROM batches WHERE receipt IS NOT NULL AND sequence >= ?',
        ).run(from)
        db.prepare('UPDATE batches SET receipt = NULL WHERE sequence >= ?').run(from)
      })
    },

    /** Forgets the batches that lie in a log of this size, for a commit covers them; the newest receipt stays, to tell a fork by. */
    forgetCovered(logSize: bigint): void {
      db.prepare(
        `DELETE FROM batches WHERE receipt ->> '$.position' < ?
         AND sequence < (SELECT max(sequence) FROM batches WHERE receipt IS NOT NULL)`,
      ).run(logSize)
    },

    /** How far an input was read that began with this line. */
    findInput(input: string): InputPlace | undefined {
      return db.prepare('SELECT * FROM inputs WHERE input = ?').get(input) as InputPlace | undefined
    },

    close: (): void => db.close(),
  }
}

const readBody = (row: Record<string, unknown>): SentBatch => signedBatch.read(JSON.parse(row.body as string), '')
const write = (batch: SentBatch): string => JSON.stringify(signedBatch.write(batch))

function lock(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path)
    // In this mode the lock that the first write takes is held until the file is closed, however the process ends.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    atomically(db, () => db.exec(schema))
    return db
  } catch (cause) {
    const isBusy = /locked|busy/.test((cause as Error).message)
    throw isBusy
      ? new Fault('STATE_IN_USE', `another process reports with ${path}`, {
          next: 'wait for it to end, or end it',
          cause,
        })
      : new Fault('STATE_UNREADABLE', `${path} cannot be used: ${(cause as Error).message}`, {
          next: 'name a file on a disk that can be written with --state',
          cause,
        })
  }
}
