import t from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { chargingMigrationContract } from '../contracts/charging-migration.ts'
import { chargingStoresContract } from '../contracts/charging-stores.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { endConnections, openDatabase, postgresConfig } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'

chargingStoresContract(t, async (t) => {
  const database = await openDatabase(t, postgresConfig(await makeDatabase(t)))
  return ({ now = Date.now } = {}) => createChargingStores({ database, now })
})

t.test('what was stored before there was retention', async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  await chargingMigrationContract(t, (options) => openDatabase(t, config, options))
})

t.test('connections that are lost again and again lose and double nothing', async (t) => {
  const url = await makeDatabase(t)
  const database = await openDatabase(t, postgresConfig(url))
  const stores = createChargingStores({ database, now: Date.now })
  const { transactions, chargePoints } = stores
  const at = 1_790_000_000_000
  const session = async (n: number) => {
    const place = { chargePointId: `CP-${n % 50}`, evseId: 1, connectorId: 1 }
    await chargePoints.connected(place.chargePointId, 'one', '1.6', at)
    const start = { ...place, tokenUid: `T${n}`, at: at + n, meterStartWh: n }
    const { number = 0, id } = await transactions.start(start)
    await transactions.addReadings(place, number, [{ at: at + n, samples: [{ value: n + 5 }] }])
    const stop = { ...place, number, at: at + n + 9, meterStopWh: n + 9, readings: [] }
    await transactions.stop(stop)
    return id
  }
  const ids: string[] = []
  let next = 0
  const sessions = Array.from({ length: 100 }, async () => {
    for (let n = next++; n < 2000; n = next++) ids.push(await session(n))
  })
  let ended = 0
  for (let count = 100; count < 1900; count += 100) {
    await until(() => ids.length >= count, { what: `${count} sessions` })
    ended += await endConnections(url)
  }
  await Promise.all(sessions)
  t.ok(ended >= 10, `${ended} connections ended`)
  t.equal(new Set(ids).size, 2000)
  const all = await transactions.list({ limit: 9999 })
  t.equal(all.length, 2000)
  t.ok(all.every(({ meterStartWh = 0, meterStopWh }) => meterStopWh === meterStartWh + 9))
  for (const id of ids.slice(0, 100)) {
    t.equal((await transactions.readings({ transactionId: id, limit: 9 })).length, 1)
  }
})
