import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describeFailure } from './failures.ts'

export interface Schema {
  /** Stored in the file as `user_version`; raised with each change of `create`. */
  readonly version: number
  /** Statements that make an empty file into this version. */
  readonly create: string
}

/** The hot pages of 10,000 vehicles. Readers need less: the operating system caches the file. */
const WRITER_CACHE_KIB = 65_536
const READER_CACHE_KIB = 8192
/** 16 MB: larger logs were measured no faster, but make the commit that copies them slower. */
const CHECKPOINT_PAGES = 4000
/** Only a foreign program can hold the file: the data folder is locked. */
const BUSY_TIMEOUT_MS = 1000
/** Readers that never pause keep the log from starting over; beyond this it is made to. */
const LOG_SIZE_MAX_BYTES = 64_000_000

/**
 * Opens or creates a file for writing: write-ahead log, synced at each commit.
 * @throws Error that a person can act on, if the file is newer, damaged or not a database
 */
export function openForWriting(path: string, schema: Schema, sizeMaxBytes: number): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path)
    // Temporary are the copies of pages for savepoints: as files they would cost as much as the log.
    db.exec(`
      PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${WRITER_CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_SIZE_MAX_BYTES};
    `)
    migrate(db, path, schema)
    const pageSize = readPragma(db, 'page_size')
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(sizeMaxBytes / pageSize))}`)
    return db
  } catch (error) {
    if (db?.isOpen) db.close()
    throw new Error(`Can't open ${path}: ${describeFailure(error)}`, { cause: error })
  }
}

export function openForReading(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { readOnly: true })
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA cache_size = -${READER_CACHE_KIB}`)
    return db
  } catch (error) {
    throw new Error(`Can't read ${path}: ${describeFailure(error)}`, { cause: error })
  }
}

/**
 * To be called after commits. Ordinary checkpoints can't reset the log while somebody reads from
 * it; this one waits for the readers of the moment, while new ones read the file itself.
 */
export function boundLog(db: DatabaseSync, path: string): void {
  const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (size <= LOG_SIZE_MAX_BYTES) return
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // What was committed is safe in the log. If the disk is at fault, the next write will say so.
  }
}

/** Runs `work` in a transaction; any failure undoes it and leaves the connection usable. */
export function transact<T>(
  db: DatabaseSync,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  work: () => T,
): T {
  db.exec(begin)
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk or a failed write may have rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function migrate(db: DatabaseSync, path: string, schema: Schema): void {
  const version = readPragma(db, 'user_version')
  if (version === schema.version) return
  if (version > schema.version) {
    throw new Error(
      `it was written by a newer Fleetgrid (schema ${version}, this one knows ${schema.version}). ` +
        'Start that version, or set DATA_DIR to another folder',
    )
  }
  if (version !== 0) throw new Error(`no way from schema ${version} to ${schema.version} (${path})`)
  transact(db, 'BEGIN IMMEDIATE', () => {
    db.exec(schema.create)
    db.exec(`PRAGMA user_version = ${schema.version}`)
  })
}

function readPragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}
