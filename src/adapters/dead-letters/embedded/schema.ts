import type { Schema } from '../../sqlite/open-database.ts'

/** The file's name in the data folder. */
export const DEAD_LETTERS_FILE = 'dead-letters.db'

/**
 * `position` orders letters by the time they were last received and is unique, so that it can be
 * a page cursor: milliseconds times 1024, plus one for each letter of the same millisecond.
 * `size` stands before the payload, so that adding up sizes reads no payload.
 */
const CREATE = `
CREATE TABLE letter (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  position INTEGER NOT NULL,
  size INTEGER NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  first_received_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  state TEXT NOT NULL,
  redrive_attempts INTEGER NOT NULL,
  redriven_at INTEGER,
  payload BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX letter_by_position ON letter (position);
CREATE INDEX letter_by_state ON letter (state, position);
CREATE INDEX letter_by_topic ON letter (topic, position);
CREATE INDEX letter_size ON letter (position, size);
`

export const DEAD_LETTERS_SCHEMA: Schema = { version: 1, create: CREATE }
