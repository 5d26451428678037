import type { DatabaseSync } from 'node:sqlite'
import { transact } from '../../sqlite/open-database.ts'
import { SLOT_MS, TRIP_SPAN_MS } from './schema.ts'

/** Small enough that a write behind it waits for tens of milliseconds at most. */
const STEP_RECORDS = 1000

// A day is a whole number of slots, so the index by slots cuts exactly at midnight.
const DROP_CARDATA = `
DELETE FROM cardata WHERE row IN
  (SELECT row FROM cardata WHERE at >> 10 < ? ORDER BY at >> 10 LIMIT ?)`
const DROP_TRIP_SPANS = 'DELETE FROM trip_span WHERE span < ?'

function dropOther(table: string): string {
  return `
DELETE FROM ${table} WHERE row IN
  (SELECT row FROM ${table} WHERE at < ? ORDER BY at LIMIT ?)`
}

/** Deletes some of the records from before the cut-off, a midnight; 0 when none is left. */
export type DropStep = (cutOff: number) => number

export function prepareDropStep(db: DatabaseSync): DropStep {
  const dropCardata = db.prepare(DROP_CARDATA)
  const dropTripSpans = db.prepare(DROP_TRIP_SPANS)
  const others = ['trip', 'dtc', 'event', 'anomaly'].map((table) => db.prepare(dropOther(table)))
  return (cutOff) =>
    transact(db, 'BEGIN IMMEDIATE', () => {
      let dropped = Number(dropCardata.run(cutOff / SLOT_MS, STEP_RECORDS).changes)
      for (const statement of others) {
        if (dropped === STEP_RECORDS) break
        dropped += Number(statement.run(cutOff, STEP_RECORDS - dropped).changes)
      }
      if (dropped === 0) dropTripSpans.run(Math.floor(cutOff / TRIP_SPAN_MS))
      return dropped
    })
}
