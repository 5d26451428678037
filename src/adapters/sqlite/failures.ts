/**
 * What a failed statement means for the caller. `engine`: nothing is wrong with the data, the
 * same write can succeed later. `full`: likewise, once there is room. `refused`: SQLite won't
 * take this value, ever.
 */
export type FailureKind = 'full' | 'engine' | 'refused'

// https://www.sqlite.org/rescode.html (primary codes)
const SQLITE_FULL = 13
/** TOOBIG, CONSTRAINT, MISMATCH, RANGE. All else is the engine's: data is not blamed on a guess. */
const REFUSAL_CODES: ReadonlySet<number> = new Set([18, 19, 20, 25])
const MEANINGS: ReadonlyMap<number, string> = new Map([
  [5, 'another process holds it (SQLITE_BUSY)'],
  [6, 'it is locked (SQLITE_LOCKED)'],
  [7, 'out of memory (SQLITE_NOMEM)'],
  [8, 'it can not be written; check permissions (SQLITE_READONLY)'],
  [10, 'the disk reports an error (SQLITE_IOERR)'],
  [11, 'the file is damaged; restore a backup or move it away (SQLITE_CORRUPT)'],
  [13, 'no space is left (SQLITE_FULL)'],
  [14, 'the file or its folder can not be opened; check permissions (SQLITE_CANTOPEN)'],
  [26, 'it is not a database; restore a backup or move it away (SQLITE_NOTADB)'],
])

export function failureKind(error: unknown): FailureKind {
  const code = primaryCode(error)
  if (code === SQLITE_FULL) return 'full'
  if (code !== undefined) return REFUSAL_CODES.has(code) ? 'refused' : 'engine'
  // Node's own checks of what is bound to a statement.
  return error instanceof TypeError || error instanceof RangeError ? 'refused' : 'engine'
}

/** Whether writing anything at all is the way to find out that it is over. */
export function isOfDisk(error: unknown): boolean {
  const code = primaryCode(error)
  return code !== undefined && MEANINGS.has(code)
}

/** For people: what SQLite said and what it means. */
export function describeFailure(error: unknown): string {
  const code = primaryCode(error)
  const meaning = code === undefined ? undefined : MEANINGS.get(code)
  const message = error instanceof Error ? error.message : String(error)
  return meaning === undefined ? message : `${meaning}: ${message}`
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
