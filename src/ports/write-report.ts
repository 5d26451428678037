/**
 * What became of each item of a batch, by its index in the batch. An index that is in neither
 * list was accepted. An adapter never reports an item as accepted that it did not store.
 */
export interface WriteReport {
  readonly accepted: number
  /** Accepted too, but had been stored before: this write changed nothing. */
  readonly duplicates: readonly number[]
  /** Can never be stored as it is: the caller makes a dead letter of it. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[]
  /** Could be stored later: the engine is busy, full or away. */
  readonly retry: readonly number[]
  /** Why, for people; of what `retry` names. */
  readonly retryReason?: string
}
