import { sql } from 'kysely'
import type { Test } from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import type { Database, DatabaseOptions } from '../../src/adapters/database/database.ts'
import { MIGRATIONS } from '../../src/adapters/database/migrations/migrations.ts'

/** @param open the same place each time */
export async function chargingMigrationContract(
  t: Test,
  open: (options: DatabaseOptions) => Promise<Database>,
): Promise<void> {
  const names = Object.keys(MIGRATIONS)
  const older = names.slice(0, names.indexOf('0006-charging-retention'))
  const before = await open({
    migrations: Object.fromEntries(
      Object.entries(MIGRATIONS).filter(([name]) => older.includes(name)),
    ),
  })
  await before.run(async (db) => {
    await sql`INSERT INTO charging_place_reading
      (charge_point_id, evse_id, connector_id, at, hash, samples)
      VALUES ('A', 1, 2, 3, 'h', '[{"value":4}]')`.execute(db)
    const columns = sql.raw('key, charge_point_id, evse_id, connector_id, token_key, started_at')
    await sql`INSERT INTO charging_transaction (${columns}, was_offline, revision, stopped_at)
      VALUES ('open', 'A', 1, 1, 'T', 5, 0, 0, NULL), ('over', 'A', 1, 1, 'T', 5, 0, 0, 6)`.execute(
      db,
    )
    await sql`INSERT INTO charging_record (charge_point_id, kind, key, at, document)
      VALUES ('A', 'orphan', 'k', 1, '{}')`.execute(db)
  })
  await before.close()
  const { transactions, records, retention } = createChargingStores({
    database: await open({}),
    now: Date.now,
  })
  t.equal(await transactions.countOpen('T'), 1)
  t.match(await transactions.list({ isOpen: true, limit: 9 }), [{ state: 'running', startedAt: 5 }])
  t.match(await transactions.list({ isOpen: false, limit: 9 }), [{ state: 'stopped' }])
  const place = { chargePointId: 'A', evseId: 1, connectorId: 2, at: 3, samples: [{ value: 4 }] }
  const placeReadings = () => transactions.placeReadings({ chargePointId: 'A', limit: 9 })
  t.match(await placeReadings(), [place])
  // It counts as stored at the moment of the migration, whatever its own time is.
  const yesterday = Date.now() - 86_400_000
  for (const data of ['place-readings', 'records', 'readings', 'transactions'] as const) {
    t.strictSame(await retention.dropStep(data, yesterday), { dropped: 0, isDone: true })
  }
  t.equal((await placeReadings()).length, 1)
  t.equal((await records.list({ chargePointId: 'A', limit: 9 })).length, 1)
}
