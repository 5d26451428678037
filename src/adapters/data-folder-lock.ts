import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const LOCK_FILE = 'fleetgrid.lock'
/** Beside the lock, because nobody else can read a locked database. */
const OWNER_FILE = 'fleetgrid.pid'

const SQLITE_BUSY = 5

/**
 * Takes the data folder for this process, and returns what gives it back. The lock is one of the
 * operating system, held through an open SQLite transaction: it ends with the process however
 * that ends, so there is no stale lock to remove after a crash.
 * @throws Error that names the holder, if another process has the folder
 */
export function lockDataFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(join(dataDir, LOCK_FILE))
    db.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    throw new Error(explain(dataDir, error), { cause: error })
  }
  const ownerFile = join(dataDir, OWNER_FILE)
  writeFileSync(ownerFile, `${process.pid}\n`)
  const lock = db
  return () => {
    if (!lock.isOpen) return
    // First the name, then the lock: the other way round it could remove a successor's.
    rmSync(ownerFile, { force: true })
    lock.exec('ROLLBACK')
    lock.close()
  }
}

function explain(dataDir: string, error: unknown): string {
  const isBusy =
    error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY
  if (!isBusy) {
    const reason = error instanceof Error ? error.message : String(error)
    return `The data folder ${dataDir} can't be locked: ${reason}. Is it writable, and is there room on the disk?`
  }
  const owner = readOwner(dataDir)
  const holder = owner === undefined ? 'another Fleetgrid process' : `Fleetgrid process ${owner}`
  const stop = owner === undefined ? 'Stop that process' : `Stop it (kill ${owner})`
  return `The data folder ${dataDir} is in use by ${holder}. ${stop}, or set DATA_DIR to another folder.`
}

function readOwner(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, OWNER_FILE), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
