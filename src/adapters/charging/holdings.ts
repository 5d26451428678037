import { sql, type Transaction } from 'kysely'
import type { JsonObject } from '../../domain/json.ts'
import type {
  ChargePointHoldings,
  ExpiringQuery,
  ExpiryFilter,
  Holding,
  HoldingChange,
  HoldingKind,
  HoldingQuery,
} from '../../ports/charge-point-holdings.ts'
import type { Tables } from '../database/database.ts'
import type { ChargingHoldingRow } from '../database/tables/charging.ts'
import { foldChanges, inSteps } from './holding-changes.ts'
import { inOrder, type StoreContext, usually } from './store-context.ts'

const COLUMNS = {
  charge_point_id: 'text',
  kind: 'text',
  key: 'text',
  state: 'text',
  document: 'json',
  at: 'integer',
  expires_at: 'integer',
} as const

const KEY_COLUMNS = { charge_point_id: 'text', kind: 'text', key: 'text', at: 'integer' } as const

export class StoredChargePointHoldings implements ChargePointHoldings {
  readonly #context: StoreContext
  readonly #change: (change: HoldingChange) => Promise<undefined>

  constructor(context: StoreContext) {
    this.#context = context
    this.#change = context.commit.kind((trx, changes) => this.#write(trx, changes))
  }

  async change(change: HoldingChange): Promise<void> {
    for (const step of inSteps(change)) await this.#change(step)
  }

  async find(
    chargePointId: string,
    kind: HoldingKind,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Holding>> {
    if (keys.length === 0) return new Map()
    const { database } = this.#context
    const asked = keys.map((key) => ({ charge_point_id: chargePointId, kind, key, at: 0 }))
    const { rows } = await database.run((db) =>
      sql<ChargingHoldingRow>`SELECT charging_holding.* FROM ${database.rows('x', KEY_COLUMNS, asked)}
        CROSS JOIN charging_holding WHERE ${SAME_KEY}`.execute(db),
    )
    return new Map(rows.map((row) => [row.key, toHolding(row)]))
  }

  async count(chargePointId: string, kind: HoldingKind): Promise<number> {
    const { rows } = await this.#context.database.run((db) =>
      sql<{ count: number }>`SELECT count(*) AS count FROM charging_holding
        WHERE charge_point_id = ${chargePointId} AND kind = ${kind}`.execute(db),
    )
    return Number(rows[0]?.count)
  }

  async list(query: HoldingQuery): Promise<readonly Holding[]> {
    const { chargePointId, kind, prefix, afterKey, limit } = query
    const conditions = [
      sql`charge_point_id = ${chargePointId} AND kind = ${kind}`,
      ...(prefix === undefined ? [] : [sql`substr(key, 1, ${prefix.length}) = ${prefix}`]),
      ...(afterKey === undefined ? [] : [sql`key > ${afterKey}`]),
      // Of one charge point there are few; by state, SQLite would look through those of all.
      ...expiryConditions(query).map(usually),
    ]
    const { rows } = await this.#context.database.run((db) =>
      sql<ChargingHoldingRow>`SELECT * FROM charging_holding
        WHERE ${sql.join(conditions, sql` AND `)} ORDER BY key LIMIT ${limit}`.execute(db),
    )
    return rows.map(toHolding)
  }

  async listExpiring(query: ExpiringQuery): Promise<readonly Holding[]> {
    const { after, limit } = query
    const place = 'expires_at, charge_point_id, key'
    const conditions = [
      sql`expires_at IS NOT NULL`,
      ...(after === undefined
        ? []
        : [sql`(${sql.raw(place)}) < (${after.expiresAt}, ${after.chargePointId}, ${after.key})`]),
      ...expiryConditions(query),
    ]
    const { rows } = await this.#context.database.run((db) =>
      sql<ChargingHoldingRow>`SELECT * FROM charging_holding
        WHERE ${sql.join(conditions, sql` AND `)}
        ORDER BY expires_at DESC, charge_point_id DESC, key DESC LIMIT ${limit}`.execute(db),
    )
    return rows.map(toHolding)
  }

  async nextListVersion(chargePointId: string, above: number): Promise<number> {
    const { rows } = await this.#context.database.run((db) =>
      sql<{ version: number }>`
        INSERT INTO charging_list_version (charge_point_id, version)
        VALUES (${chargePointId}, ${above + 1})
        ON CONFLICT (charge_point_id) DO UPDATE SET version =
          CASE WHEN charging_list_version.version >= excluded.version
            THEN charging_list_version.version + 1 ELSE excluded.version END
        RETURNING version`.execute(db),
    )
    return Number(rows[0]?.version)
  }

  async #write(trx: Transaction<Tables>, changes: readonly HoldingChange[]): Promise<undefined[]> {
    const { keys, prefixes, holdings } = foldChanges(changes)
    await this.#removeKeys(trx, inOrder(keys))
    await this.#removePrefixes(trx, inOrder(prefixes))
    await this.#upsert(trx, inOrder(holdings))
    return changes.map(() => undefined)
  }

  async #removeKeys(trx: Transaction<Tables>, given: readonly object[]): Promise<void> {
    if (given.length === 0) return
    await sql`DELETE FROM charging_holding WHERE (charge_point_id, kind, key) IN (
      SELECT charging_holding.charge_point_id, charging_holding.kind, charging_holding.key
      FROM ${this.#context.database.rows('x', KEY_COLUMNS, given)} CROSS JOIN charging_holding
      WHERE ${SAME_KEY} AND charging_holding.at <= x.at
    )`.execute(trx)
  }

  async #removePrefixes(trx: Transaction<Tables>, given: readonly object[]): Promise<void> {
    if (given.length === 0) return
    await sql`DELETE FROM charging_holding WHERE (charge_point_id, kind, key) IN (
      SELECT charging_holding.charge_point_id, charging_holding.kind, charging_holding.key
      FROM ${this.#context.database.rows('x', KEY_COLUMNS, given)} CROSS JOIN charging_holding
      WHERE charging_holding.charge_point_id = x.charge_point_id
        AND charging_holding.kind = x.kind
        AND substr(charging_holding.key, 1, length(x.key)) = x.key
        AND charging_holding.at <= x.at
    )`.execute(trx)
  }

  async #upsert(trx: Transaction<Tables>, holdings: readonly Holding[]): Promise<void> {
    if (holdings.length === 0) return
    const list = sql.raw(Object.keys(COLUMNS).join(', '))
    await sql`
      INSERT INTO charging_holding (${list})
      SELECT ${list} FROM ${this.#context.database.rows('x', COLUMNS, holdings.map(toRow))}
      WHERE true
      ON CONFLICT (charge_point_id, kind, key) DO UPDATE SET
        state = excluded.state,
        document = excluded.document,
        at = excluded.at,
        expires_at = excluded.expires_at
      WHERE charging_holding.at <= excluded.at`.execute(trx)
  }
}

const SAME_KEY = sql`charging_holding.charge_point_id = x.charge_point_id
  AND charging_holding.kind = x.kind AND charging_holding.key = x.key`

function expiryConditions({ state, expiresAfter, expiresUntil }: ExpiryFilter) {
  return [
    ...(state === undefined ? [] : [sql`state = ${state}`]),
    ...(expiresAfter === undefined ? [] : [sql`expires_at > ${expiresAfter}`]),
    ...(expiresUntil === undefined ? [] : [sql`expires_at <= ${expiresUntil}`]),
  ]
}

function toRow({ chargePointId, expiresAt, ...rest }: Holding) {
  return { charge_point_id: chargePointId, expires_at: expiresAt, ...rest }
}

function toHolding(row: ChargingHoldingRow): Holding {
  return {
    chargePointId: row.charge_point_id,
    kind: row.kind,
    key: row.key,
    state: row.state ?? undefined,
    document: JSON.parse(row.document) as JsonObject,
    at: row.at,
    expiresAt: row.expires_at ?? undefined,
  }
}
