import type { ExpressionBuilder } from 'kysely'
import type { Database, Tables } from '../database/database.ts'

export interface LeaseRowOptions {
  readonly name: string
  /** Of this one hold. Begins with `instance`. */
  readonly owner: string
  readonly instance: string
  /** The row is free unless a hold of this instance has it. */
  readonly isAlone: boolean
  readonly value: number
}

/**
 * One hold's view of one row; who has it is decided by the database in one statement. One statement
 * at a time: on two connections the later one may come first.
 */
export class LeaseRow {
  readonly #database: Database
  readonly #options: LeaseRowOptions
  #value: number
  #last: Promise<unknown> = Promise.resolve()

  constructor(database: Database, options: LeaseRowOptions) {
    this.#database = database
    this.#options = options
    this.#value = options.value
  }

  /** As it is stored, as far as this hold knows. */
  get value(): number {
    return this.#value
  }

  /** Takes it if it is free, renews it if it is ours; false if it is another's. */
  take(durationMs: number): Promise<boolean> {
    return this.#inTurn(() => this.#take(durationMs))
  }

  setValue(value: number): Promise<void> {
    return this.#inTurn(() => this.#setValue(value))
  }

  giveUp(): Promise<void> {
    return this.#inTurn(() => this.#giveUp())
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #take(durationMs: number): Promise<boolean> {
    const { now } = this.#database
    const { name, owner } = this.#options
    const row = { name, owner, value: this.#value }
    const [taken] = await this.#database.run((db) =>
      db
        .insertInto('lease')
        .values(({ eb }) => ({ ...row, expires_at: eb(now, '+', durationMs) }))
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(({ eb, ref }) => ({
              owner: ref('excluded.owner'),
              expires_at: ref('excluded.expires_at'),
              value: eb
                .case()
                .when('lease.value', '>', ref('excluded.value'))
                .then(ref('lease.value'))
                .else(ref('excluded.value'))
                .end(),
            }))
            .where((expressions) => this.#isOurs(expressions)),
        )
        .returning('value')
        .execute(),
    )
    if (taken === undefined) return false
    this.#value = taken.value
    return true
  }

  async #setValue(value: number): Promise<void> {
    const { name, owner } = this.#options
    await this.#database.run((db) =>
      db
        .updateTable('lease')
        .set({ value })
        .where('name', '=', name)
        .where('owner', '=', owner)
        .execute(),
    )
    // A renewal would raise it again. If the answer was lost it does: what is left is looked for twice.
    this.#value = value
  }

  /** Without a value it is as if it had never been: names may be used once. */
  async #giveUp(): Promise<void> {
    const { name, owner } = this.#options
    await this.#database.run(async (db) => {
      if (this.#value === 0) {
        await db.deleteFrom('lease').where('name', '=', name).where('owner', '=', owner).execute()
        return
      }
      await db
        .updateTable('lease')
        .set({ expires_at: 0 })
        .where('name', '=', name)
        .where('owner', '=', owner)
        .execute()
    })
  }

  #isOurs({ eb, or, fn, val }: ExpressionBuilder<Tables, 'lease'>) {
    const { owner, instance, isAlone } = this.#options
    const begin = `${instance} `
    const ownersBegin = fn('substr', ['lease.owner', val(1), val([...begin].length)])
    return or([
      eb('lease.owner', '=', owner),
      eb('lease.expires_at', '<=', this.#database.now),
      ...(isAlone ? [eb(ownersBegin, '!=', begin)] : []),
    ])
  }
}
