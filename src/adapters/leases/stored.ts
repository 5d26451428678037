import { randomUUID } from 'node:crypto'
import {
  type HeldLease,
  LEASE_DURATION_MS,
  type LeaseLoss,
  type Leases,
  type LeftLease,
  type TakenLease,
} from '../../ports/leases.ts'
import type { Database } from '../database/database.ts'
import { LeaseRow } from './lease-row.ts'

export interface StoredLeasesOptions {
  readonly database: Database
  /** Shown to people who look into the table. Unique, also among restarts of a process. */
  readonly instance: string
  /** No other process has this database: what one before us held when it died is free at once. */
  readonly isAlone?: boolean
  /** From the death of a holder to the next one. Shorter in tests. */
  readonly durationMs?: number
}

/** Leases as rows of the database, whose clock decides. */
export function createStoredLeases(options: StoredLeasesOptions): Leases {
  const { database, instance, isAlone = false, durationMs = LEASE_DURATION_MS } = options
  const rowOf = (name: string, value: number): LeaseRow =>
    new LeaseRow(database, {
      ...{ name, value, instance, isAlone },
      owner: `${instance} ${randomUUID()}`,
    })
  return {
    hold(name, callbacks) {
      const lease = new StoredLease(rowOf(name, 0), durationMs, { ...callbacks, isForEver: true })
      lease.compete()
      return lease
    },
    async take(name, { value, onLost, onRegained = () => undefined }) {
      const row = rowOf(name, value)
      const callbacks = { onLost, onGained: onRegained, isForEver: false }
      const lease = new StoredLease(row, durationMs, callbacks)
      return (await lease.takeNow()) ? new StoredTakenLease(lease, row) : undefined
    },
    listLeft: (prefix) => listLeft(database, prefix, isAlone ? instance : undefined),
  }
}

/** @param alone this instance, if no other one can be alive: what isn't its own is left */
async function listLeft(
  database: Database,
  prefix: string,
  alone: string | undefined,
): Promise<LeftLease[]> {
  // Characters, as SQL counts them: LIKE would need its wildcards escaped.
  const length = [...prefix].length
  return await database.run((db) =>
    db
      .selectFrom('lease')
      .select(['name', 'value'])
      .where('value', '>', 0)
      .where(({ eb, or, fn, val }) =>
        or([
          eb('expires_at', '<=', database.now),
          ...(alone === undefined
            ? []
            : [eb(fn('substr', ['owner', val(1), val(alone.length)]), '<>', alone)]),
        ]),
      )
      .where(({ eb, fn, val }) => eb(fn('substr', ['name', val(1), val(length)]), '=', prefix))
      .orderBy('name')
      .execute(),
  )
}

interface Callbacks {
  /** Not for `takeNow`, which answers. */
  readonly onGained: () => void
  readonly onLost: (loss: LeaseLoss) => void
  /** One that is another's is competed for. */
  readonly isForEver: boolean
}

class StoredLease implements HeldLease {
  readonly #row: LeaseRow
  readonly #callbacks: Callbacks
  /** While it is another's: how often to try. */
  readonly #competeMs: number
  /** What a row lasts. Whoever waits finds it free one try later, at `durationMs` at the latest. */
  readonly #rowMs: number
  readonly #renewMs: number
  /** After the start of the last successful try. The rest is for clocks that don't run alike. */
  readonly #safeMs: number
  /** `unsure`: it was ours, and the database didn't answer since. */
  #state: 'none' | 'held' | 'unsure' = 'none'
  #isOver = false
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #trying: Promise<void> = Promise.resolve()

  constructor(row: LeaseRow, durationMs: number, callbacks: Callbacks) {
    this.#row = row
    this.#callbacks = callbacks
    this.#competeMs = durationMs / 15
    this.#rowMs = Math.floor(durationMs - this.#competeMs)
    this.#renewMs = durationMs / 3
    this.#safeMs = this.#rowMs - durationMs / 10
  }

  compete(): void {
    this.#schedule(0)
  }

  /** False if another has it; rejects if that can't be told. */
  async takeNow(): Promise<boolean> {
    const startedAt = performance.now()
    if (!(await this.#row.take(this.#rowMs))) return false
    if (!this.#extend(startedAt)) {
      // The answer came too late to be of use: another one may have it by now.
      await this.release()
      return false
    }
    this.#state = 'held'
    this.#schedule(this.#renewMs)
    return true
  }

  async release(): Promise<void> {
    this.#end()
    // A try that is under way could take it after it was given up.
    await this.#trying
    await this.#row.giveUp().catch(() => undefined)
  }

  #end(): void {
    this.#isOver = true
    this.#state = 'none'
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#trying = this.#try()
    }, afterMs)
  }

  async #try(): Promise<void> {
    const startedAt = performance.now()
    const isOurs = await this.#row.take(this.#rowMs).catch(() => undefined)
    if (this.#isOver) return
    if (isOurs === true && this.#extend(startedAt)) this.#gain()
    else if (isOurs === false) this.#lose()
    if (this.#isOver) return
    this.#schedule(this.#state === 'held' && isOurs === true ? this.#renewMs : this.#competeMs)
  }

  /** False if the answer took so long that the row may be running out; the next try will tell. */
  #extend(startedAt: number): boolean {
    const leftMs = startedAt + this.#safeMs - performance.now()
    if (leftMs <= 0) return false
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#doubt(), leftMs)
    return true
  }

  #gain(): void {
    if (this.#state === 'held') return
    this.#state = 'held'
    this.#callbacks.onGained()
  }

  #doubt(): void {
    this.#state = 'unsure'
    this.#callbacks.onLost('unknown')
  }

  /** This process was cut off, or stood still, for longer than the row lasted. */
  #lose(): void {
    if (this.#state === 'none') return
    this.#state = 'none'
    clearTimeout(this.#deadline)
    if (!this.#callbacks.isForEver) this.#end()
    this.#callbacks.onLost('taken')
  }
}

class StoredTakenLease implements TakenLease {
  readonly #lease: StoredLease
  readonly #row: LeaseRow

  constructor(lease: StoredLease, row: LeaseRow) {
    this.#lease = lease
    this.#row = row
  }

  get value(): number {
    return this.#row.value
  }

  setValue(value: number): Promise<void> {
    return this.#row.setValue(value)
  }

  release(): Promise<void> {
    return this.#lease.release()
  }
}
