import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import type { FleetChange } from '../../../ports/fleet-index.ts'
import type { WriteReport } from '../../../ports/write-report.ts'
import { describeFailure, failureKind, isOfDisk } from '../../sqlite/failures.ts'
import { boundLog, openForWriting, transact } from '../../sqlite/open-database.ts'
import { findFault } from '../find-fault.ts'
import { type ChangeApplier, prepareApplier } from './apply-changes.ts'
import { type DropStep, prepareDropStep } from './drop-history.ts'
import { type PackedChanges, unpackChanges } from './pack-changes.ts'
import { FLEET_INDEX_FILE, FLEET_INDEX_SCHEMA } from './schema.ts'

/** Written and removed again to see whether a failure is over. */
const PROBE_SIZE_BYTES = 262_144
const PROBE_WRITE = 'INSERT OR REPLACE INTO probe (number, filler) VALUES (1, zeroblob(?))'
const PROBE_REMOVE = 'DELETE FROM probe'

export interface WriterOptions {
  readonly dataDir: string
  readonly sizeMaxBytes: number
}

/** The only connection that writes; lives in a worker thread of its own. */
export class FleetWriter implements HostedService {
  readonly #options: WriterOptions
  readonly #path: string
  #db: DatabaseSync | undefined
  #changes: ChangeApplier = { apply: notOpen, forget: notOpen }
  #dropStep: DropStep = notOpen
  /** Of the last write; undefined when it succeeded. */
  #failure: unknown

  constructor(options: WriterOptions) {
    this.#options = options
    this.#path = join(options.dataDir, FLEET_INDEX_FILE)
  }

  open(): void {
    const db = openForWriting(this.#path, FLEET_INDEX_SCHEMA, this.#options.sizeMaxBytes)
    this.#db = db
    this.#changes = prepareApplier(db)
    this.#dropStep = prepareDropStep(db)
  }

  close(): void {
    this.#db?.close()
  }

  /** One transaction; if a change can't be stored, one more in which each stands for itself. */
  write(packed: PackedChanges): WriteReport {
    const changes = unpackChanges(packed)
    const rejected: { index: number; reason: string }[] = []
    const candidates: number[] = []
    for (const [index, change] of changes.entries()) {
      const reason = findFault(change)
      if (reason === undefined) candidates.push(index)
      else rejected.push({ index, reason })
    }
    try {
      const duplicates = this.#store(changes, candidates, rejected)
      this.#failure = undefined
      boundLog(this.#database(), this.#path)
      return { accepted: changes.length - rejected.length, duplicates, rejected, retry: [] }
    } catch (error) {
      this.#changes.forget()
      this.#failure = error
      const retryReason = error instanceof Error ? error.message : String(error)
      return { accepted: 0, duplicates: [], rejected, retry: candidates, retryReason }
    }
  }

  /** Throws for what concerns the engine; adds to `rejected` what concerns one change. */
  #store(
    changes: readonly FleetChange[],
    candidates: readonly number[],
    rejected: { index: number; reason: string }[],
  ): number[] {
    if (candidates.length === 0) return []
    const db = this.#database()
    try {
      return transact(db, 'BEGIN IMMEDIATE', () => this.#changes.apply(changes, candidates))
    } catch (error) {
      if (failureKind(error) !== 'refused') throw error
      this.#changes.forget()
    }
    const refused: { index: number; reason: string }[] = []
    const duplicates = transact(db, 'BEGIN IMMEDIATE', () =>
      candidates.flatMap((index) => this.#storeAlone(db, changes, index, refused)),
    )
    rejected.push(...refused)
    return duplicates
  }

  #storeAlone(
    db: DatabaseSync,
    changes: readonly FleetChange[],
    index: number,
    refused: { index: number; reason: string }[],
  ): number[] {
    db.exec('SAVEPOINT one_change')
    try {
      const duplicates = this.#changes.apply(changes, [index])
      db.exec('RELEASE one_change')
      return duplicates
    } catch (error) {
      if (failureKind(error) !== 'refused') throw error
      db.exec('ROLLBACK TO one_change; RELEASE one_change')
      this.#changes.forget()
      refused.push({ index, reason: describeFailure(error) })
      return []
    }
  }

  /** After a failure: is it over? Nobody may be writing, so this tries it. */
  check(): void {
    if (this.#failure === undefined) return
    const db = this.#database()
    try {
      // A failure that has nothing to do with the disk is over when a write succeeds.
      if (!isOfDisk(this.#failure)) throw this.#failure
      db.prepare(PROBE_WRITE).run(PROBE_SIZE_BYTES)
      db.exec(PROBE_REMOVE)
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      throw Object.assign(new Error(adviseOn(error), { cause: error }), { code: 'unavailable' })
    }
  }

  /** Removes some records from before `cutOff`; 0 when none is left. */
  dropSomeHistory(cutOff: number): number {
    this.#changes.forget()
    const dropped = this.#dropStep(cutOff)
    boundLog(this.#database(), this.#path)
    return dropped
  }

  #database(): DatabaseSync {
    return this.#db ?? notOpen()
  }
}

function notOpen(): never {
  throw Object.assign(new Error('The fleet index is not open.'), { code: 'unavailable' })
}

function adviseOn(error: unknown): string {
  const advice =
    failureKind(error) === 'full'
      ? 'Raise FLEET_INDEX_SIZE_MAX_MB, free disk space, or lower HISTORY_RETENTION_DAYS.'
      : 'Look at the disk of DATA_DIR: its space, its health and its permissions.'
  return `The fleet index can't be written: ${describeFailure(error)}. ${advice}`
}
