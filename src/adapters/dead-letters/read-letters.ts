import type { StoredDeadLetter } from '../../ports/dead-letters.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { Database } from '../database/database.ts'
import type { DeadLetterRow } from '../database/tables/dead-letter.ts'
import { decodeLine, pickLines } from './letter-lines.ts'

/** Objects in memory at the same time, for one page; each has about 1.5 MB or a single letter. */
const OBJECTS_AT_ONCE = 4

type Content = Pick<StoredDeadLetter, 'topic' | 'payload'>

export interface ReadDeps {
  readonly database: Database
  readonly objectStore: ObjectStore
}

/** Adds the payloads to these rows; each object is read once. Leaves out letters that went since. */
export async function readLetters(
  deps: ReadDeps,
  rows: readonly DeadLetterRow[],
): Promise<StoredDeadLetter[]> {
  const contents = await readContents(deps.objectStore, rows)
  const missing = rows.filter(({ id }) => !contents.has(id))
  if (missing.length === 0) return rows.map((row) => toLetter(row, contents.get(row.id)))
  // Most likely removed or stored anew between the two reads: the rows know.
  const again = await findRows(deps.database, missing)
  const moved = [...again.values()].filter((row) => missing.every((old) => !isSamePlace(old, row)))
  for (const [id, content] of await readContents(deps.objectStore, moved)) contents.set(id, content)
  const gone = new Set(missing.map(({ id }) => id).filter((id) => !again.has(id)))
  return rows
    .filter(({ id }) => !gone.has(id))
    .map((row) => toLetter(again.get(row.id) ?? row, contents.get(row.id)))
}

async function readContents(
  objectStore: ObjectStore,
  rows: readonly DeadLetterRow[],
): Promise<Map<string, Content>> {
  const byObject = [...Map.groupBy(rows, ({ object_key }) => object_key)]
  const contents = new Map<string, Content>()
  const readNext = async (): Promise<void> => {
    for (let next = byObject.pop(); next !== undefined; next = byObject.pop()) {
      const [key, wanted] = next
      const body = (await objectStore.get(key)) ?? new Uint8Array()
      const lines = pickLines(body, new Set(wanted.map(({ line }) => line)))
      for (const { id, line } of wanted) {
        const content = decodeLine(lines.get(line), id)
        if (content !== undefined) contents.set(id, content)
      }
    }
  }
  await Promise.all(Array.from({ length: OBJECTS_AT_ONCE }, readNext))
  return contents
}

async function findRows(
  database: Database,
  rows: readonly DeadLetterRow[],
): Promise<Map<string, DeadLetterRow>> {
  const ids = rows.map(({ id }) => id)
  const found = await database.run((db) =>
    db.selectFrom('dead_letter').selectAll().where('id', 'in', ids).execute(),
  )
  return new Map(found.map((row) => [row.id, row]))
}

function isSamePlace(a: DeadLetterRow, b: DeadLetterRow): boolean {
  return a.id === b.id && a.object_key === b.object_key && a.line === b.line
}

function toLetter(row: DeadLetterRow, content: Content | undefined): StoredDeadLetter {
  const place = `line ${row.line + 1} of ${row.object_key}`
  return {
    id: row.id,
    topic: content?.topic ?? row.topic,
    payload: content?.payload ?? new Uint8Array(),
    reason: content === undefined ? `${row.reason} (its payload is gone: no ${place})` : row.reason,
    receivedAt: row.received_at,
    firstReceivedAt: row.first_received_at,
    count: row.count,
    state: row.state,
    redriveAttempts: row.redrive_attempts,
    ...(row.redriven_at === null ? {} : { redrivenAt: row.redriven_at }),
    ...(content === undefined ? { isPayloadLost: true as const } : {}),
  }
}
