/** A request of a Firehose delivery stream. */
export interface FirehoseRequestTable {
  id: string
  object_key: string
  is_stored: number
  /** Epoch milliseconds at which it first came. */
  at: number
}
