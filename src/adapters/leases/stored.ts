import { randomUUID } from 'node:crypto'
import {
  type HeldLease,
  LEASE_DURATION_MS,
  type LeaseOptions,
  type Leases,
} from '../../ports/leases.ts'
import type { Database } from '../database/database.ts'

export interface StoredLeasesOptions {
  readonly database: Database
  /** Shown to people who look into the table. */
  readonly instance: string
  /** From the death of a holder to the next one. Shorter in tests. */
  readonly durationMs?: number
}

/** Leases as rows of the database, whose clock decides. */
export function createStoredLeases(options: StoredLeasesOptions): Leases {
  const { database, instance, durationMs = LEASE_DURATION_MS } = options
  return {
    hold: (name, callbacks) =>
      new StoredLease(database, name, `${instance} ${randomUUID()}`, durationMs, callbacks),
  }
}

class StoredLease implements HeldLease {
  readonly #database: Database
  readonly #name: string
  readonly #owner: string
  readonly #callbacks: LeaseOptions
  /** While it is another's: how often to try. */
  readonly #competeMs: number
  /** What a row lasts. Whoever waits finds it free one try later, at `durationMs` at the latest. */
  readonly #rowMs: number
  readonly #renewMs: number
  /** After the start of the last successful try. The rest is for clocks that don't run alike. */
  readonly #safeMs: number
  #isHeld = false
  #isReleased = false
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #trying: Promise<void> = Promise.resolve()

  constructor(
    database: Database,
    name: string,
    owner: string,
    durationMs: number,
    callbacks: LeaseOptions,
  ) {
    this.#database = database
    this.#name = name
    this.#owner = owner
    this.#callbacks = callbacks
    this.#competeMs = durationMs / 15
    this.#rowMs = Math.floor(durationMs - this.#competeMs)
    this.#renewMs = durationMs / 3
    this.#safeMs = this.#rowMs - durationMs / 10
    this.#schedule(0)
  }

  async release(): Promise<void> {
    this.#isReleased = true
    this.#isHeld = false
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    // A try that is under way could take it after it was given up.
    await this.#trying
    await this.#giveUp().catch(() => undefined)
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#trying = this.#try()
    }, afterMs)
  }

  async #try(): Promise<void> {
    const startedAt = performance.now()
    const isTaken = await this.#take().catch(() => undefined)
    if (this.#isReleased) return
    if (isTaken === true) this.#gained(startedAt)
    // Somebody else has it: this process must have stood still for longer than the row lasted.
    else if (isTaken === false) this.#lost()
    this.#schedule(this.#isHeld && isTaken === true ? this.#renewMs : this.#competeMs)
  }

  #gained(startedAt: number): void {
    const leftMs = startedAt + this.#safeMs - performance.now()
    // The answer took so long that the row may be running out; the next try will tell.
    if (leftMs <= 0) return
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#lost(), leftMs)
    if (this.#isHeld) return
    this.#isHeld = true
    this.#callbacks.onGained()
  }

  #lost(): void {
    clearTimeout(this.#deadline)
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#callbacks.onLost()
  }

  /** Takes it if it is free, renews it if it is ours; false if it is another's. */
  async #take(): Promise<boolean> {
    const { now } = this.#database
    const row = { name: this.#name, owner: this.#owner, fence: 1 }
    const taken = await this.#database.run((db) =>
      db
        .insertInto('lease')
        .values(({ eb }) => ({ ...row, expires_at: eb(now, '+', this.#rowMs) }))
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(({ eb, ref }) => ({
              owner: ref('excluded.owner'),
              fence: eb
                .case()
                .when('lease.owner', '=', this.#owner)
                .then(ref('lease.fence'))
                .else(eb('lease.fence', '+', 1))
                .end(),
              expires_at: ref('excluded.expires_at'),
            }))
            .where(({ eb, or }) =>
              or([eb('lease.owner', '=', this.#owner), eb('lease.expires_at', '<=', now)]),
            ),
        )
        .returning('fence')
        .execute(),
    )
    return taken.length > 0
  }

  async #giveUp(): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable('lease')
        .set({ expires_at: 0 })
        .where('name', '=', this.#name)
        .where('owner', '=', this.#owner)
        .execute(),
    )
  }
}
