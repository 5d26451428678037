/** One letter; its payload is a line of an object. */
export interface DeadLetterRow {
  id: string
  /** Order of keeping, over all instances; a page cursor. */
  position: number
  state: 'open' | 'redriven'
  /** For people: what PostgreSQL can't hold is replaced. The object has the topic as it came. */
  topic: string
  /** An index on the topic itself could not take a long one. */
  topic_hash: string
  reason: string
  received_at: number
  first_received_at: number
  count: number
  redrive_attempts: number
  redriven_at: number | null
  /** Until then one instance alone may try it again. */
  claimed_until: number
  object_key: string
  /** From 0. */
  line: number
  /** What it takes: its line and this row. */
  size_bytes: number
}

/** An object that letters are in. */
export interface DeadLetterObjectRow {
  key: string
  size_bytes: number
  /** 1: no letter is in it any more. */
  removable: number
}

/** A single row. Whoever adds or removes letters locks it first, so these are exact. */
export interface DeadLetterTotalRow {
  id: number
  /** Tells this database's objects from another's in the same bucket. */
  store: string
  last_position: number
  /** Of all letters. */
  letters_size_bytes: number
  /** Of all objects that aren't removable. */
  objects_size_bytes: number
}

export interface DeadLetterTables {
  dead_letter: DeadLetterRow
  dead_letter_object: DeadLetterObjectRow
  dead_letter_total: DeadLetterTotalRow
}
