import type { JsonObject } from '../domain/json.ts'

export type HoldingKind =
  | 'reservation'
  | 'charging-profile'
  | 'local-list'
  | 'variable'
  | 'certificate'

/** Something that a charge point is believed to hold: it has accepted it, or has told of it. */
export interface Holding {
  readonly chargePointId: string
  readonly kind: HoldingKind
  /** Which one of its kind: src/charging/holdings says how they are made. */
  readonly key: string
  /** Of those that have several. */
  readonly state?: string | undefined
  readonly document: JsonObject
  /** Epoch milliseconds, by our clocks: when the charge point said so. */
  readonly at: number
  /** Epoch milliseconds; of reservations only. It is kept for a while after that. */
  readonly expiresAt?: number | undefined
}

export interface HoldingChange {
  readonly chargePointId: string
  /** Of the whole change; what is known since later stays as it is. */
  readonly at: number
  /** These are taken away first. */
  readonly remove?: readonly HoldingSelector[]
  readonly put?: readonly Omit<Holding, 'chargePointId' | 'at'>[]
}

/** One by its key, or all whose keys begin so. */
export type HoldingSelector =
  | { readonly kind: HoldingKind; readonly key: string }
  | { readonly kind: HoldingKind; readonly prefix: string }

/**
 * What charge points are believed to hold. Thousands of calls at once are a few statements. All
 * reject with FleetgridError `unavailable` while the store is away.
 */
export interface ChargePointHoldings {
  /**
   * Durable when it resolves; made again, it changes nothing. One of very many holdings is made in
   * steps, in their order: it has to be made again if it fails. Changes of one charge point come one
   * after the other: what was removed is not remembered, so an older change would bring it back.
   */
  change(change: HoldingChange): Promise<void>
  /** Those that there are, by their keys. */
  find(
    chargePointId: string,
    kind: HoldingKind,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Holding>>
  count(chargePointId: string, kind: HoldingKind): Promise<number>
  /** In the order of their keys. */
  list(query: HoldingQuery): Promise<readonly Holding[]>
  /** Over all charge points, those that expire, the latest expiry first. */
  listExpiring(query: ExpiringQuery): Promise<readonly Holding[]>
  /**
   * A version for the local list of a charge point, greater than `above` and than all those that were
   * given out before, by any instance.
   */
  nextListVersion(chargePointId: string, above: number): Promise<number>
}

export interface ExpiryFilter {
  readonly state?: string
  /** Expires later than this. */
  readonly expiresAfter?: number
  /** Expires then or before. */
  readonly expiresUntil?: number
}

export interface HoldingQuery extends ExpiryFilter {
  readonly chargePointId: string
  readonly kind: HoldingKind
  /** What the keys begin with. */
  readonly prefix?: string
  readonly afterKey?: string
  readonly limit: number
}

export interface ExpiringQuery extends ExpiryFilter {
  /** The last one of the page before. */
  readonly after?: Pick<Holding, 'chargePointId' | 'key'> & { readonly expiresAt: number }
  readonly limit: number
}
