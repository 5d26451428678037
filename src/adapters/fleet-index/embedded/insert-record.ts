import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { HistoryIndex, HistoryRecord } from '../../../ports/fleet-index.ts'
import { TRIP_SPAN_MS } from './schema.ts'

export interface RecordInserter {
  /** False if the record is stored already. */
  insert(record: HistoryRecord): boolean
  /** What was inserted may be gone: a transaction was rolled back or history was dropped. */
  forget(): void
}

// Without a conflict target, DO NOTHING still concerns uniqueness only: other constraints fail.
const INSERT_CARDATA = `
INSERT INTO cardata (at, vin, id, trip_id, longitude, latitude, document)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const INSERT_TRIP_SPAN = `
INSERT INTO trip_span (trip_id, vin, span) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`

function insertOther(table: string): string {
  return `
INSERT INTO ${table} (at, vin, id, condition, raises, document)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
}

/** Trips whose last span is remembered, so that most messages need no look into trip_span. */
const TRIPS_REMEMBERED_MAX = 50_000

export function prepareRecordInserter(db: DatabaseSync): RecordInserter {
  const cardata = db.prepare(INSERT_CARDATA)
  const tripSpan = db.prepare(INSERT_TRIP_SPAN)
  const others: Record<Exclude<HistoryIndex, 'cardata'>, StatementSync> = {
    trip: db.prepare(insertOther('trip')),
    dtc: db.prepare(insertOther('dtc')),
    event: db.prepare(insertOther('event')),
    anomaly: db.prepare(insertOther('anomaly')),
  }
  const lastSpans = new Map<string, { vin: string; span: number }>()

  function noteTripSpan(tripId: string, vin: string, at: number): void {
    const span = Math.floor(at / TRIP_SPAN_MS)
    const last = lastSpans.get(tripId)
    if (last !== undefined && last.span === span && last.vin === vin) return
    tripSpan.run(tripId, vin, span)
    if (lastSpans.size >= TRIPS_REMEMBERED_MAX) lastSpans.clear()
    lastSpans.set(tripId, { vin, span })
  }

  return {
    insert(record) {
      const { index, at, vin, id } = record
      const document = joinMembers(record)
      if (index === 'cardata') {
        const longitude = record.position?.longitude ?? null
        const latitude = record.position?.latitude ?? null
        const tripId = record.tripId ?? null
        const { changes } = cardata.run(at, vin, id, tripId, longitude, latitude, document)
        if (changes === 0) return false
        if (tripId !== null) noteTripSpan(tripId, vin, at)
        return true
      }
      const raises = record.raises === undefined ? null : Number(record.raises)
      const condition = record.condition ?? null
      return others[index].run(at, vin, id, condition, raises, document).changes === 1
    },
    forget: () => lastSpans.clear(),
  }
}

function joinMembers({ document, members }: HistoryRecord): string {
  return members === undefined ? document : `${document.slice(0, -1)},${members}}`
}
