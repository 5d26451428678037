/** A role that only one instance may have at a time. */
export interface HeldLease {
  /**
   * Gives it up so that another instance can have it at once; what it allowed must have stopped
   * before. `onLost` isn't called for it. Never rejects: what can't be given up runs out.
   */
  release(): Promise<void>
}

export interface LeaseOptions {
  /** This instance has it now. Called again after each loss and new gain. Must not throw. */
  readonly onGained: () => void
  /**
   * It may be another's soon: stop what it allows. Called before it has run out elsewhere, by
   * a tenth of its duration: a process that stands still for longer than that (a debugger, a
   * frozen machine) learns too late. Must not throw.
   */
  readonly onLost: () => void
}

/**
 * Leases run out by themselves when their holder dies: within `LEASE_DURATION_MS` another instance
 * has them. They are decided by the database's clock, never by an instance's own.
 */
export interface Leases {
  /** Competes for `name` until released. Never rejects: a database that is away means "not held". */
  hold(name: string, options: LeaseOptions): HeldLease
}

export const LEASE_DURATION_MS = 15_000
