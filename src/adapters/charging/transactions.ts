import { sql } from 'kysely'
import type { ConnectorPlace } from '../../domain/charge-point.ts'
import type {
  ChargingTransaction,
  MeterReading,
  TransactionEvent,
  TransactionStart,
  TransactionStop,
} from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import {
  type ChargingTransactions,
  LOST_COUNTED_MAX,
  type PlaceReading,
  type PlaceReadingQuery,
  RUNNING_COUNTED_MAX,
  type StoredReading,
  type TransactionQuery,
} from '../../ports/charging-transactions.ts'
import { boundedNumber } from './bounded-numbers.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { listPlaceReadings, listReadings } from './reading-queries.ts'
import { type AddedReadings, addReadings } from './readings.ts'
import { record } from './record-events.ts'
import { start, stop } from './start-stop.ts'
import { gatherReads, type StoreContext, usually } from './store-context.ts'
import { IS_RUNNING } from './supersede.ts'
import { listTransactions } from './transaction-queries.ts'
import { idOf, type StoredTransactionRow, splitId, toTransaction } from './transaction-rows.ts'

const SPLIT_COLUMNS = { charge_point_id: 'text', number: 'integer', key: 'text' } as const

export class StoredChargingTransactions implements ChargingTransactions {
  readonly #context: StoreContext
  readonly #lostAfterMs: number
  readonly #rows: GatheredReads<StoredTransactionRow>
  readonly #openCounts: GatheredReads<number>
  readonly #openOf: GatheredReads<ChargingTransaction[]>
  readonly start: (start: TransactionStart) => Promise<ChargingTransaction>
  readonly stop: (stop: TransactionStop) => Promise<ChargingTransaction | undefined>
  readonly record: (event: TransactionEvent) => Promise<ChargingTransaction>
  readonly #addReadings: (item: AddedReadings) => Promise<undefined>

  /** @param lostAfterMs of silence, after which a transaction is lost */
  constructor(context: StoreContext, lostAfterMs: number) {
    this.#context = context
    this.#lostAfterMs = lostAfterMs
    const { commit, database, now } = context
    this.#rows = gatherReads((ids) => this.#fetchRows(ids))
    this.#openCounts = gatherReads((keys) => this.#countOpen(keys))
    this.#openOf = gatherReads((ids) => this.#fetchOpen(ids))
    this.start = commit.kind(async (trx, items: readonly TransactionStart[]) =>
      (await start(database, trx, items, now())).map(this.#toTransaction),
    )
    this.record = commit.kind(async (trx, items: readonly TransactionEvent[]) =>
      (await record(database, trx, items, now())).map(this.#toTransaction),
    )
    this.#addReadings = commit.kind((trx, items) => addReadings(database, trx, items, now()))
    this.stop = commit.kind(async (trx, items: readonly TransactionStop[]) =>
      (await stop(database, trx, items, now())).map((row) => row && this.#toTransaction(row)),
    )
  }

  addReadings(
    place: ConnectorPlace,
    number: number | undefined,
    readings: readonly MeterReading[],
  ): Promise<void> {
    return this.#addReadings({ place, number, readings })
  }

  async countOpen(tokenUid: string): Promise<number> {
    return (await this.#openCounts.find(sameToken(tokenUid))) ?? 0
  }

  async listOpen(chargePointId: string): Promise<readonly ChargingTransaction[]> {
    return (await this.#openOf.find(chargePointId)) ?? []
  }

  async countLost(): Promise<number> {
    const isSilent = sql`(superseded_at IS NOT NULL OR told_at < ${this.#silentBefore()})`
    const { rows } = await this.#context.database.run((db) =>
      sql<{ count: number }>`SELECT count(*) AS count FROM (
        SELECT 1 FROM charging_transaction
        WHERE stopped_at IS NULL AND closed_at IS NULL AND ${isSilent} LIMIT ${LOST_COUNTED_MAX}
      ) lost`.execute(db),
    )
    return rows[0]?.count ?? 0
  }

  async find(id: string): Promise<ChargingTransaction | undefined> {
    const row = await this.#rows.find(id)
    return row === undefined ? undefined : this.#toTransaction(row)
  }

  async findNumber(told: number): Promise<ChargingTransaction | undefined> {
    const number = boundedNumber(told)
    const row = await this.#context.database.run((db) =>
      db
        .selectFrom('charging_transaction')
        .selectAll()
        .where('number', '=', number)
        .where('own_id', 'is', null)
        .executeTakeFirst(),
    )
    return row === undefined ? undefined : this.#toTransaction(row as StoredTransactionRow)
  }

  async close(id: string, reason: string): Promise<ChargingTransaction | undefined> {
    const { database, now } = this.#context
    const row = await this.#rows.find(id)
    if (row === undefined) return undefined
    const at = now()
    await database.run((db) =>
      db
        .updateTable('charging_transaction')
        .set({ closed_at: at, close_reason: reason, ended_at: at })
        .where('number', '=', row.number)
        .where('stopped_at', 'is', null)
        .where('closed_at', 'is', null)
        .execute(),
    )
    return this.find(id)
  }

  async list(query: TransactionQuery): Promise<readonly ChargingTransaction[]> {
    const { after } = query
    // The same start time is rare, and its order is that of numbers.
    const afterRow = after === undefined ? undefined : await this.#rows.find(after.id)
    const silentBefore = this.#silentBefore()
    const rows = await this.#context.database.run((db) =>
      listTransactions(db, query, { afterNumber: afterRow?.number, silentBefore }),
    )
    return rows.map((row) => toTransaction(row, silentBefore))
  }

  async readings(
    query: Parameters<ChargingTransactions['readings']>[0],
  ): Promise<readonly StoredReading[]> {
    const row = await this.#rows.find(query.transactionId)
    if (row === undefined) return []
    return this.#context.database.run((db) => listReadings(db, row.number, query))
  }

  placeReadings(query: PlaceReadingQuery): Promise<readonly PlaceReading[]> {
    return this.#context.database.run((db) => listPlaceReadings(db, query))
  }

  #silentBefore(): number {
    return this.#context.now() - this.#lostAfterMs
  }

  readonly #toTransaction = (row: StoredTransactionRow): ChargingTransaction =>
    toTransaction(row, this.#silentBefore())

  async #fetchRows(ids: readonly string[]): Promise<ReadonlyMap<string, StoredTransactionRow>> {
    const { database } = this.#context
    const asked = database.rows('x', SPLIT_COLUMNS, ids.map(toSplitRow))
    const { rows } = await database.run((db) =>
      sql<StoredTransactionRow>`
        SELECT charging_transaction.* FROM ${asked} CROSS JOIN charging_transaction
        WHERE charging_transaction.number = x.number
          AND charging_transaction.charge_point_id = x.charge_point_id
          AND ${usually(sql`charging_transaction.own_id IS NULL`)}
        UNION ALL
        SELECT charging_transaction.* FROM ${asked} CROSS JOIN charging_transaction
        WHERE charging_transaction.key = x.key`.execute(db),
    )
    return new Map(rows.map((row) => [idOf(row), row]))
  }

  async #countOpen(keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { database } = this.#context
    const asked = database.rows(
      'x',
      { key: 'text' },
      keys.map((key) => ({ key })),
    )
    // A join would make PostgreSQL read all that are open, as long as it knows little of the table.
    const { rows } = await database.run((db) =>
      sql<{ key: string; count: number }>`
        SELECT x.key AS key, (
          SELECT count(*) FROM (
            SELECT 1 FROM charging_transaction
            WHERE token_key = x.key AND ${sql.raw(IS_RUNNING)}
              AND told_at >= ${this.#silentBefore()}
            LIMIT ${RUNNING_COUNTED_MAX}
          ) running
        ) AS count FROM ${asked}`.execute(db),
    )
    return new Map(rows.map(({ key, count }) => [key, count]))
  }

  async #fetchOpen(ids: readonly string[]): Promise<ReadonlyMap<string, ChargingTransaction[]>> {
    const { database } = this.#context
    const asked = database.rows(
      'x',
      { id: 'text' },
      ids.map((id) => ({ id })),
    )
    const { rows } = await database.run((db) =>
      sql<StoredTransactionRow>`
        SELECT charging_transaction.* FROM ${asked} CROSS JOIN charging_transaction
        WHERE charging_transaction.charge_point_id = x.id AND ${sql.raw(IS_RUNNING)}
        ORDER BY charging_transaction.started_at, charging_transaction.number`.execute(db),
    )
    return Map.groupBy(rows.map(this.#toTransaction), ({ chargePointId }) => chargePointId)
  }
}

function toSplitRow(id: string) {
  const { chargePointId, number, key } = splitId(id)
  return { charge_point_id: chargePointId, number, key }
}
