import { sql } from 'kysely'
import type {
  BootInfo,
  ChargePoint,
  ChargePointSettings,
  ConnectorStatus,
  ProtocolVersion,
  Registration,
} from '../../domain/charge-point.ts'
import type { ChargePointQuery, ChargePoints } from '../../ports/charge-points.ts'
import type { ChargePointRow, ChargingConnectorRow } from '../database/tables/charging.ts'
import { settingColumns, toChargePoint, toConnectorStatus } from './charge-point-rows.ts'
import {
  type Booted,
  boot,
  type Connected,
  connect,
  type Disconnected,
  disconnect,
  type Signs,
  see,
} from './connections.ts'
import { reportStatuses } from './connectors.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { createChargePoints, type NewChargePoint } from './new-charge-points.ts'
import { gatherReads, STEP_ROWS, type StoreContext } from './store-context.ts'

/** What goes with a charge point, but its transactions. */
// biome-ignore format: a list of words
const TABLES_OF_IT = [
  'connector', 'status', 'place_reading', 'record', 'holding', 'list_version', 'command',
]

/** Signs of life of one statement: a hundred thousand would hold up everything else. */
const SIGNS_MAX = 2000

export class StoredChargePoints implements ChargePoints {
  readonly #context: StoreContext
  readonly #reads: GatheredReads<ChargePoint>
  readonly #create: (item: NewChargePoint) => Promise<boolean>
  readonly #connect: (item: Connected) => Promise<number>
  readonly #boot: (item: Booted) => Promise<Registration | undefined>
  readonly #reportStatus: (status: ConnectorStatus) => Promise<undefined>
  readonly #disconnect: (item: Disconnected) => Promise<undefined>
  readonly #see: (signs: Signs) => Promise<undefined>

  constructor(context: StoreContext) {
    this.#context = context
    const { commit, database } = context
    this.#reads = gatherReads((ids) => this.#fetch(ids))
    this.#create = commit.kind((trx, items) => createChargePoints(database, trx, items))
    this.#connect = commit.kind((trx, items) => connect(database, trx, items))
    this.#boot = commit.kind((trx, items) => boot(database, trx, items))
    this.#disconnect = commit.kind((trx, items) => disconnect(database, trx, items))
    this.#see = commit.kind((trx, items) => see(database, trx, items))
    this.#reportStatus = commit.kind((trx, items) =>
      reportStatuses(database, trx, items, context.now()),
    )
  }

  find(id: string): Promise<ChargePoint | undefined> {
    return this.#reads.find(id)
  }

  create(id: string, settings: ChargePointSettings, keyHash: string | undefined): Promise<boolean> {
    return this.#create({ id, settings, keyHash, at: this.#context.now() })
  }

  async change(id: string, change: Parameters<ChargePoints['change']>[1]): Promise<boolean> {
    const columns = {
      ...settingColumns(change),
      ...(change.nextKeyHash !== undefined && { next_key_hash: change.nextKeyHash }),
      ...(change.keyHash !== undefined && { key_hash: change.keyHash, next_key_hash: null }),
    }
    if (Object.keys(columns).length === 0) return (await this.find(id)) !== undefined
    const { numUpdatedRows } = await this.#context.database.run((db) =>
      db.updateTable('charge_point').set(columns).where('id', '=', id).executeTakeFirst(),
    )
    return numUpdatedRows > 0n
  }

  /** What there is much of goes first, step by step; so it can be called again after a failure. */
  async remove(id: string): Promise<boolean> {
    const { database } = this.#context
    const keys = {
      status: 'at, hash',
      place_reading: 'evse_id, connector_id, at, hash',
      record: 'kind, key',
      holding: 'kind, key',
    }
    for (const [name, key] of Object.entries(keys)) {
      await this.#removeSteps(`charging_${name}`, `charge_point_id, ${key}`, id)
    }
    await this.#removeSteps('charging_command', 'id', id)
    return database.transaction(async (trx) => {
      const ofIt = sql`WHERE charge_point_id = ${id}`
      for (const name of TABLES_OF_IT) {
        await sql`DELETE FROM ${sql.raw(`charging_${name}`)} ${ofIt}`.execute(trx)
      }
      const result = await trx.deleteFrom('charge_point').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows > 0n
    })
  }

  async list({ afterId, limit, isConnected }: ChargePointQuery): Promise<readonly ChargePoint[]> {
    const rows = await this.#context.database.run((db) => {
      let query = db.selectFrom('charge_point').selectAll()
      if (afterId !== undefined) query = query.where('id', '>', afterId)
      if (isConnected !== undefined) {
        query = query.where('instance', isConnected ? 'is not' : 'is', null)
      }
      return query.orderBy('id').limit(limit).execute()
    })
    return rows.map(toChargePoint)
  }

  async count(): Promise<{ readonly all: number; readonly connected: number }> {
    return this.#context.database.run((db) =>
      db
        .selectFrom('charge_point')
        .select((of) => [
          of.fn.countAll<number>().as('all'),
          of.fn.count<number>('instance').as('connected'),
        ])
        .executeTakeFirstOrThrow(),
    )
  }

  connected(id: string, instance: string, protocol: ProtocolVersion, at: number): Promise<number> {
    return this.#connect({ id, instance, protocol, at })
  }

  disconnected(id: string, epoch: number, at: number): Promise<void> {
    return this.#disconnect({ id, epoch, at })
  }

  booted(id: string, boot: BootInfo, at: number): Promise<Registration | undefined> {
    return this.#boot({ id, boot, at })
  }

  async seen(signs: ReadonlyMap<string, number>): Promise<void> {
    const all = [...signs]
    for (let start = 0; start < all.length; start += SIGNS_MAX) {
      await this.#see(all.slice(start, start + SIGNS_MAX))
    }
  }

  /** Along their ids: an index on the instance would make each connection dearer. */
  async releaseInstance(instance: string, at: number): Promise<number> {
    const { database } = this.#context
    let total = 0
    let afterId = ''
    for (;;) {
      const { rows } = await database.run((db) =>
        sql<{ last: string | null }>`SELECT max(id) AS last FROM (
          SELECT id FROM charge_point WHERE id > ${afterId} ORDER BY id LIMIT ${STEP_ROWS}
        ) step`.execute(db),
      )
      const last = rows[0]?.last ?? undefined
      if (last === undefined) return total
      const { numAffectedRows } = await database.run((db) =>
        sql`
          UPDATE charge_point
          SET instance = NULL, connected_at = NULL,
            last_seen_at = CASE WHEN last_seen_at > ${at} THEN last_seen_at ELSE ${at} END
          WHERE id > ${afterId} AND id <= ${last} AND instance = ${instance}`.execute(db),
      )
      total += Number(numAffectedRows ?? 0)
      afterId = last
    }
  }

  reportStatus(status: ConnectorStatus): Promise<void> {
    return this.#reportStatus(status)
  }

  async connectors(chargePointId: string): Promise<readonly ConnectorStatus[]> {
    const rows = await this.#context.database.run((db) =>
      db
        .selectFrom('charging_connector')
        .selectAll()
        .where('charge_point_id', '=', chargePointId)
        .orderBy('evse_id')
        .orderBy('connector_id')
        .execute(),
    )
    return rows.map(toConnectorStatus)
  }

  async statusHistory({
    chargePointId,
    beforeAt = Number.MAX_SAFE_INTEGER,
    limit,
  }: Parameters<ChargePoints['statusHistory']>[0]): Promise<readonly ConnectorStatus[]> {
    const isBefore = sql`charge_point_id = ${chargePointId} AND at < ${beforeAt}`
    // Whole moments, so that the next page can begin before one.
    const { rows } = await this.#context.database.run((db) =>
      sql<ChargingConnectorRow>`
        SELECT * FROM charging_status WHERE ${isBefore} AND at >= (
          SELECT min(at) FROM (
            SELECT at FROM charging_status WHERE ${isBefore} ORDER BY at DESC LIMIT ${limit}
          ) page
        )
        ORDER BY at DESC, hash DESC`.execute(db),
    )
    return rows.map(toConnectorStatus)
  }

  async #fetch(ids: readonly string[]): Promise<ReadonlyMap<string, ChargePoint>> {
    const { database } = this.#context
    const asked = database.rows(
      'x',
      { id: 'text' },
      ids.map((id) => ({ id })),
    )
    const { rows } = await database.run((db) =>
      sql<ChargePointRow>`SELECT charge_point.* FROM ${asked}
        CROSS JOIN charge_point WHERE charge_point.id = x.id`.execute(db),
    )
    return new Map(rows.map((row) => [row.id, toChargePoint(row)]))
  }

  async #removeSteps(table: string, key: string, id: string): Promise<void> {
    const statement = sql`DELETE FROM ${sql.raw(table)} WHERE (${sql.raw(key)}) IN (
      SELECT ${sql.raw(key)} FROM ${sql.raw(table)} WHERE charge_point_id = ${id} LIMIT ${STEP_ROWS}
    )`
    for (;;) {
      const { numAffectedRows } = await this.#context.database.run((db) => statement.execute(db))
      if (Number(numAffectedRows ?? 0) < STEP_ROWS) return
    }
  }
}
