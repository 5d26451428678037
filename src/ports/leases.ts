/** A role that only one instance may have at a time. */
export interface HeldLease {
  /**
   * Gives it up so that another instance can have it at once; what it allowed must have stopped
   * before. `onLost` isn't called for it. Never rejects: what can't be given up runs out.
   */
  release(): Promise<void>
}

/**
 * `taken`: the database says that another one has it. `unknown`: the database couldn't be asked for
 * about as long as the lease lasts, so another one may have it. Nobody can get it while nobody
 * reaches the database; but this process may be the only one that doesn't.
 */
export type LeaseLoss = 'taken' | 'unknown'

export interface LeaseOptions {
  /** This instance has it now. Called again after each loss and new gain. Must not throw. */
  readonly onGained: () => void
  /**
   * Stop what it allows. `unknown` comes before it has run out elsewhere, by a tenth of its
   * duration, and is followed by `onGained` or by `taken`: what another one's beginning ends by
   * itself may go on until then. A process that stands still for longer than that (a debugger, a
   * frozen machine) learns too late. Must not throw.
   */
  readonly onLost: (loss: LeaseLoss) => void
}

/**
 * Leases run out by themselves when their holder dies: within `LEASE_DURATION_MS` another instance
 * has them. They are decided by the database's clock, never by an instance's own.
 */
export interface Leases {
  /** Competes for `name` until released. Never rejects: a database that is away means "not held". */
  hold(name: string, options: LeaseOptions): HeldLease
  /**
   * One try to get `name` now; from then on it is renewed until it is released or `taken`. Undefined
   * while somebody has it.
   * @throws FleetgridError `unavailable` when the database is away
   */
  take(name: string, options: TakeOptions): Promise<TakenLease | undefined>
  /**
   * Leases whose names begin with `prefix`, that nobody has and whose last holder left a value: what
   * it was responsible for waits for somebody. By name.
   * @throws FleetgridError `unavailable` when the database is away
   */
  listLeft(prefix: string): Promise<LeftLease[]>
}

export interface TakeOptions {
  /** What the holder is responsible for, as a number of at least 0; see `TakenLease.value`. */
  readonly value: number
  /** As with `hold`, but `taken` is the end: it isn't competed for again. */
  readonly onLost: (loss: LeaseLoss) => void
  /** After `unknown`: it is this instance's, whoever had it meanwhile. */
  readonly onRegained?: () => void
}

export interface TakenLease extends HeldLease {
  /** The largest of all holders since it was last set: what earlier ones left is included. */
  readonly value: number
  /**
   * What is left is less now; 0: nothing, so nobody needs to look after it.
   * @throws FleetgridError `unavailable` when the database is away
   */
  setValue(value: number): Promise<void>
}

export interface LeftLease {
  readonly name: string
  readonly value: number
}

export const LEASE_DURATION_MS = 15_000
