import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { errorMessage } from '../../domain/errors.ts'
import type { DeadLetter, DeadLetters } from '../../ports/dead-letters.ts'
import { openForReading } from '../sqlite/open-database.ts'

/** Where the version before this one kept dead letters, in the data folder. */
const OLDER_FILE = 'dead-letters.db'
const SUFFIX = '.imported'
const OLDER_VERSION = 1
/** The largest payload was 128 KiB. */
const PAGE_LETTERS = 200

const OPEN_LETTERS = `
SELECT position, topic, payload, reason, received_at, first_received_at, count
FROM letter WHERE state = 'open' AND position > ? ORDER BY position LIMIT ?`

export interface ImportOptions {
  readonly dataDir: string
  readonly deadLetters: Pick<DeadLetters, 'keep'>
  readonly signal: AbortSignal
}

export interface Imported {
  readonly letters: number
  /** The file's new name. */
  readonly file: string
}

/**
 * Keeps the open letters of an older version's file, then renames it. One that ends half-way is
 * done again from the start: letters that were kept already only count once more.
 * @throws Error for people when the file can't be read or not all of it can be kept
 */
export async function importOlderLetters({
  dataDir,
  deadLetters,
  signal,
}: ImportOptions): Promise<Imported | undefined> {
  const path = join(dataDir, OLDER_FILE)
  if (!existsSync(path)) return undefined
  let db: DatabaseSync | undefined
  let letters = 0
  try {
    db = openForReading(path)
    for (const page of readPages(db)) {
      signal.throwIfAborted()
      await keepAll(deadLetters, page)
      letters += page.length
    }
    db.close()
    // The log first: without it the file could lack its newest letters.
    for (const part of ['-wal', '-shm', '']) {
      if (existsSync(path + part)) renameSync(path + part, path + SUFFIX + part)
    }
  } catch (error) {
    if (db?.isOpen) db.close()
    if (signal.aborted) throw error
    const advice = `Mend that and start again, or move the file out of DATA_DIR to start without its letters`
    throw new Error(
      `Can't import the dead letters in ${path}: ${errorMessage(error)}. ${advice}.`,
      { cause: error },
    )
  }
  return { letters, file: path + SUFFIX }
}

interface Page {
  readonly length: number
  readonly letters: readonly DeadLetter[]
}

function* readPages(db: DatabaseSync): Generator<Page> {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version !== OLDER_VERSION) throw new Error(`its schema is ${version}, not ${OLDER_VERSION}`)
  const select = db.prepare(OPEN_LETTERS)
  for (let last = -1; ; ) {
    const rows = select.all(last, PAGE_LETTERS)
    if (rows.length === 0) return
    last = Number(rows.at(-1)?.['position'])
    yield { length: rows.length, letters: rows.flatMap(readLetter) }
  }
}

/** One that came several times comes twice: so its first time is kept, which a redrive needs. */
function readLetter(row: Record<string, unknown>): DeadLetter[] {
  const payload = row['payload']
  const letter = {
    topic: String(row['topic']),
    payload: payload instanceof Uint8Array ? payload : new Uint8Array(),
    reason: String(row['reason']),
    receivedAt: Number(row['received_at']),
  }
  if (Number(row['count']) <= 1) return [letter]
  return [{ ...letter, receivedAt: Number(row['first_received_at']) }, letter]
}

async function keepAll(deadLetters: ImportOptions['deadLetters'], page: Page): Promise<void> {
  const { rejected, retry, retryReason } = await deadLetters.keep(page.letters)
  if (rejected.length + retry.length === 0) return
  throw new Error(rejected[0]?.reason ?? retryReason ?? 'not all of them could be kept')
}
