import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { JsonObject } from '../../../domain/json.ts'
import type { HistoryQuery, Paged } from '../../../ports/fleet-index.ts'
import type { ConditionReport } from '../condition-records.ts'

type Listed = 'trip' | 'event'
type Reported = 'dtc' | 'anomaly'

const CURSOR = 'SELECT at FROM {table} WHERE row = ?'
const PAGE = `
SELECT row, document FROM {table}
WHERE vin = ? AND at >= ? AND at <= ? AND (at < ? OR row < ?)
ORDER BY at DESC, row DESC LIMIT ?`
const REPORTS = 'SELECT at, id, condition, raises FROM {table} WHERE vin = ? ORDER BY at'
/**
 * Of a trip id that several vehicles use, or one for ever ("0", "unknown"), a route is the newest
 * part of the one that used it last: ten days. More would keep every other query waiting.
 */
const ROUTE_SPANS_MAX = 200
const ROUTE = `
WITH RECURSIVE spans (vin, span) AS (
  SELECT vin, span FROM trip_span
  WHERE trip_id = ?1 AND vin = (
    SELECT vin FROM trip_span WHERE trip_id = ?1 ORDER BY span DESC, vin LIMIT 1
  )
  ORDER BY span DESC LIMIT ${ROUTE_SPANS_MAX}
),
slots (vin, slot, remaining) AS (
  SELECT vin, span << 12, 4095 FROM spans
  UNION ALL SELECT vin, slot + 1, remaining - 1 FROM slots WHERE remaining > 0
)
SELECT c.longitude, c.latitude
FROM slots s CROSS JOIN cardata c ON c.at >> 10 = s.slot AND c.vin = s.vin
WHERE c.trip_id = ?1 ORDER BY c.at, c.id`

export type History = ReturnType<typeof prepareHistory>

export function prepareHistory(db: DatabaseSync) {
  const prepare = (sql: string, table: string): StatementSync => {
    const statement = db.prepare(sql.replace('{table}', table))
    statement.setReturnArrays(true)
    return statement
  }
  const lists = {
    trip: { cursor: prepare(CURSOR, 'trip'), page: prepare(PAGE, 'trip') },
    event: { cursor: prepare(CURSOR, 'event'), page: prepare(PAGE, 'event') },
  }
  const reports = { dtc: prepare(REPORTS, 'dtc'), anomaly: prepare(REPORTS, 'anomaly') }
  const route = prepare(ROUTE, 'cardata')
  return {
    list: (table: Listed, query: HistoryQuery) => listPage(lists[table], query),
    reports: (table: Reported, vin: string) =>
      (reports[table].all(vin) as unknown as ReportRow[]).map(readReport),
    route: (tripId: string) => readRoute(route, tripId),
  }
}

/**
 * Newest first. A page goes on after the (time, row) of the last item: a record that arrives
 * later takes its place by its send time and neither repeats nor hides another.
 */
function listPage(
  { cursor, page }: { readonly cursor: StatementSync; readonly page: StatementSync },
  { vin, from, to, page: { after, limit } }: HistoryQuery,
): Paged<JsonObject> {
  const start = from ?? Number.MIN_SAFE_INTEGER
  let end = to ?? Number.MAX_SAFE_INTEGER
  let cursorAt = Number.MAX_SAFE_INTEGER
  if (after > 0) {
    const row = cursor.get(after) as unknown as [at: number] | undefined
    // The record was dropped with its day; whatever is older was dropped before it.
    if (row === undefined) return { items: [], next: undefined }
    cursorAt = row[0]
    end = Math.min(end, cursorAt)
  }
  const lastRow = after > 0 ? after : Number.MAX_SAFE_INTEGER
  type Found = [row: number, document: string]
  const found = page.all(vin, start, end, cursorAt, lastRow, limit + 1) as unknown as Found[]
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(([, document]) => JSON.parse(document) as JsonObject),
    next: found.length > limit ? last?.[0] : undefined,
  }
}

type ReportRow = [at: number, id: string, condition: string | null, raises: number | null]

function readReport([at, id, condition, raises]: ReportRow): ConditionReport {
  // An anomaly says nothing but that it was seen.
  return { stamp: { at, id }, condition: condition ?? undefined, raises: raises !== 0 }
}

/** Longitude and latitude in turn; undefined if there is no such trip. */
function readRoute(statement: StatementSync, tripId: string): Float64Array | undefined {
  const points: number[] = []
  let isKnown = false
  type Row = [longitude: number | null, latitude: number | null]
  for (const [longitude, latitude] of statement.iterate(tripId) as unknown as Iterable<Row>) {
    isKnown = true
    if (longitude !== null && latitude !== null) points.push(longitude, latitude)
  }
  return isKnown ? Float64Array.from(points) : undefined
}
