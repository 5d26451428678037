import type { Schema } from '../../sqlite/open-database.ts'

/** The file's name in the data folder. */
export const FLEET_INDEX_FILE = 'fleet-index.db'

/**
 * `vehicle` holds what queries need of every vehicle, and the registers of latest_telemetry. Its
 * `number` is given at first sight and never reused: pages are cut by it. `change` says which
 * vehicles each of the last transactions touched, so that a reader fetches just what is new.
 *
 * cardata is written most. Its identity is (vin, at, id), but ordered by slots of 1024 ms first:
 * so it grows at its right edge, on few pages, and still finds one vehicle's records of a slot at
 * once. An index by trip would touch a page of its own for nearly every message; `trip_span` says instead in which spans of 4096 slots a trip has records, and a
 * route looks through those.
 */
const CREATE = `
CREATE TABLE vehicle (
  number INTEGER PRIMARY KEY,
  vin TEXT NOT NULL UNIQUE,
  telemetry_at INTEGER,
  telemetry_id TEXT,
  position_at INTEGER,
  position_id TEXT,
  longitude REAL,
  latitude REAL,
  deleted_at INTEGER,
  deleted_id TEXT,
  revision INTEGER,
  telemetry TEXT CHECK (json_valid(telemetry))
) STRICT;
CREATE TABLE change (
  number INTEGER PRIMARY KEY,
  vehicles BLOB NOT NULL,
  statuses BLOB NOT NULL
) STRICT;
CREATE TABLE status (number INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
CREATE TABLE device (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL CHECK (json_valid(document))
) STRICT, WITHOUT ROWID;

CREATE TABLE cardata (
  row INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  vin TEXT NOT NULL,
  id TEXT NOT NULL,
  trip_id TEXT,
  longitude REAL,
  latitude REAL,
  document TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX cardata_identity ON cardata (at >> 10, vin, at, id);
CREATE TABLE trip_span (
  trip_id TEXT NOT NULL,
  vin TEXT NOT NULL,
  span INTEGER NOT NULL,
  PRIMARY KEY (trip_id, vin, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX trip_span_by_time ON trip_span (span);
${['trip', 'event', 'dtc', 'anomaly'].map(historyTable).join('')}
CREATE TABLE probe (number INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;
`

function historyTable(name: string): string {
  // AUTOINCREMENT: a page cursor is a row number, which must never come to mean another row.
  return `
CREATE TABLE ${name} (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  vin TEXT NOT NULL,
  id TEXT NOT NULL,
  condition TEXT,
  raises INTEGER,
  document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;
CREATE UNIQUE INDEX ${name}_identity ON ${name} (vin, at, id);
CREATE INDEX ${name}_by_time ON ${name} (at);
`
}

/** `at >> 10` in SQL. */
export const SLOT_MS = 2 ** 10
/** What one row of `trip_span` covers: 4096 slots. */
export const TRIP_SPAN_MS = 2 ** 22

export const FLEET_INDEX_SCHEMA: Schema = { version: 1, create: CREATE }
