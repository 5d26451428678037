/**
 * When something was true, as an order that is total: two different messages never have equal
 * stamps, so every instance and every replay picks the same winner.
 */
export interface Stamp {
  /** Epoch milliseconds: min(send time, receive time), so that a clock in the future locks nobody out. */
  readonly at: number
  /** Id of the message; decides between equal times. */
  readonly id: string
}

export function isNewer(stamp: Stamp, than: Stamp | undefined): boolean {
  if (than === undefined) return true
  return stamp.at === than.at ? stamp.id > than.id : stamp.at > than.at
}

export function newest(left: Stamp | undefined, right: Stamp | undefined): Stamp | undefined {
  if (left === undefined) return right
  return right !== undefined && isNewer(right, left) ? right : left
}

/** A value that only a newer message may replace. */
export interface Register<T> {
  readonly value: T
  readonly stamp: Stamp
}
