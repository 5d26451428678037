import { sql } from 'kysely'
import type { ConnectorPlace } from '../../domain/charge-point.ts'
import type {
  ChargingTransaction,
  MeterReading,
  Sample,
  TransactionEvent,
  TransactionStart,
  TransactionStop,
} from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import type { ChargingTransactions, TransactionQuery } from '../../ports/charging-transactions.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { type AddedReadings, addReadings } from './readings.ts'
import { record } from './record-events.ts'
import { start, stop } from './start-stop.ts'
import { gatherReads, type StoreContext, usually } from './store-context.ts'
import { type StoredTransactionRow, splitId, toTransaction } from './transaction-rows.ts'

const SPLIT_COLUMNS = { charge_point_id: 'text', number: 'integer', key: 'text' } as const

export class StoredChargingTransactions implements ChargingTransactions {
  readonly #context: StoreContext
  readonly #rows: GatheredReads<StoredTransactionRow>
  readonly #openCounts: GatheredReads<number>
  readonly #openOf: GatheredReads<ChargingTransaction[]>
  readonly start: (start: TransactionStart) => Promise<ChargingTransaction>
  readonly stop: (stop: TransactionStop) => Promise<ChargingTransaction | undefined>
  readonly record: (event: TransactionEvent) => Promise<ChargingTransaction>
  readonly #addReadings: (item: AddedReadings) => Promise<undefined>

  constructor(context: StoreContext) {
    this.#context = context
    const { commit, database } = context
    this.#rows = gatherReads((ids) => this.#fetchRows(ids))
    this.#openCounts = gatherReads((keys) => this.#countOpen(keys))
    this.#openOf = gatherReads((ids) => this.#fetchOpen(ids))
    this.start = commit.kind((trx, items) => start(database, trx, items))
    this.record = commit.kind((trx, items) => record(database, trx, items))
    this.#addReadings = commit.kind((trx, items) => addReadings(database, trx, items))
    this.stop = commit.kind((trx, items) => stop(database, trx, items))
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

  async find(id: string): Promise<ChargingTransaction | undefined> {
    const row = await this.#rows.find(id)
    return row === undefined ? undefined : toTransaction(row)
  }

  async list(query: TransactionQuery): Promise<readonly ChargingTransaction[]> {
    const { chargePointId, tokenUid, isOpen, startedFrom, startedBefore, after, limit } = query
    // The same start time is rare, and its order is that of numbers.
    const afterRow = after === undefined ? undefined : await this.#rows.find(after.id)
    const rows = await this.#context.database.run((db) => {
      let found = db.selectFrom('charging_transaction').selectAll()
      if (chargePointId !== undefined) found = found.where('charge_point_id', '=', chargePointId)
      if (tokenUid !== undefined) found = found.where('token_key', '=', sameToken(tokenUid))
      if (isOpen !== undefined) found = found.where('stopped_at', isOpen ? 'is' : 'is not', null)
      if (startedFrom !== undefined) found = found.where('started_at', '>=', startedFrom)
      if (startedBefore !== undefined) found = found.where('started_at', '<', startedBefore)
      if (after !== undefined) {
        found = found.where(({ eb, refTuple, tuple }) =>
          eb(
            refTuple('started_at', 'number'),
            '<',
            tuple(after.startedAt, afterRow?.number ?? Number.MAX_SAFE_INTEGER),
          ),
        )
      }
      return found.orderBy('started_at', 'desc').orderBy('number', 'desc').limit(limit).execute()
    })
    return rows.map(toTransaction)
  }

  async readings({
    transactionId,
    afterAt = -1,
    limit,
  }: Parameters<ChargingTransactions['readings']>[0]): Promise<readonly MeterReading[]> {
    const row = await this.#rows.find(transactionId)
    if (row === undefined) return []
    // Whole moments, so that the next page can begin after one.
    const { rows } = await this.#context.database.run((db) =>
      sql<{ at: number; samples: string }>`
        SELECT at, samples FROM charging_reading
        WHERE transaction_number = ${row.number} AND at > ${afterAt} AND at <= (
          SELECT max(at) FROM (
            SELECT at FROM charging_reading
            WHERE transaction_number = ${row.number} AND at > ${afterAt}
            ORDER BY at LIMIT ${limit}
          ) page
        )
        ORDER BY at, hash`.execute(db),
    )
    return rows.map(({ at, samples }) => ({ at, samples: JSON.parse(samples) as Sample[] }))
  }

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
    return new Map(rows.map((row) => [toTransaction(row).id, row]))
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
          SELECT count(*) FROM charging_transaction
          WHERE token_key = x.key AND stopped_at IS NULL
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
        WHERE charging_transaction.charge_point_id = x.id
          AND charging_transaction.stopped_at IS NULL
        ORDER BY charging_transaction.started_at, charging_transaction.number`.execute(db),
    )
    return Map.groupBy(rows.map(toTransaction), ({ chargePointId }) => chargePointId)
  }
}

function toSplitRow(id: string) {
  const { chargePointId, number, key } = splitId(id)
  return { charge_point_id: chargePointId, number, key }
}
