import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startPostgres } from '../engines/postgres.ts'
import { startChargingFleet } from '../helpers/charging-fleet.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createRandom } from '../helpers/random.ts'
import { startRestartable } from '../helpers/restartable.ts'
import { createService, type Service } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Charging goes on while the database or the service itself goes away. Every message is counted: what
// was answered is stored, and nothing is stored twice.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const FLEET = { chargePoints: 50, transactions: 3, idTag: 'CARD' }
const AWAY_MS = 30_000
const KILLS = 5

t.comment(`seed ${SEED}`)

t.test('PostgreSQL is killed and away for 30 s', { timeout: 240_000 }, async (t) => {
  const folders = engineFolder(t, { postgres: {}, data: {} })
  const postgres = await startRestartable(t, (port) =>
    startPostgres({ folder: join(folders, 'postgres'), port }),
  )
  const service = await createService(t, {
    ...{ DATABASE: 'postgres', DATABASE_URL: postgres.url, DATABASE_TLS: 'off' },
    CHARGE_POINT_KEY_SECRET: 'the same for all instances of a test',
    ...{ FLEETGRID_ROLES: 'charging', LOG_LEVEL: 'error', DATA_DIR: join(folders, 'data') },
  })
  await service.start()
  const readings = 60
  const url = service.httpUrl.replace('http', 'ws')
  const fleet = startChargingFleet({ ...FLEET, url, readings, everyMs: 200 })
  await until(() => fleet.answered() > 1500, { withinMs: 60_000 })
  await postgres.kill()
  const killedAt = Date.now()
  await until(() => Date.now() - killedAt > AWAY_MS, { withinMs: AWAY_MS + 5000 })
  await postgres.start()
  await fleet.finished
  t.equal(fleet.ended(), 0, 'no connection has ended')
  // Each one is one of few attempts, after which a charge point drops it (TransactionMessageAttempts).
  t.equal(fleet.refused(), 0, 'no message is answered with an error')
  t.equal(fleet.repeated(), 0, 'nor told again: all are answered, late')
  await verify(t, service, readings)
  t.equal(await service.kill('SIGTERM'), 0)
})

t.test(`kill -9 at ${KILLS} random moments`, { timeout: 240_000 }, async (t) => {
  const service = await createService(t, {
    ...{ FLEETGRID_ROLES: 'charging', LOG_LEVEL: 'error', DATA_DIR: engineFolder(t) },
  })
  await service.start()
  const readings = 40
  const url = service.httpUrl.replace('http', 'ws')
  const fleet = startChargingFleet({ ...FLEET, url, readings, everyMs: 100 })
  const random = createRandom(SEED)
  const messages = FLEET.chargePoints * (1 + FLEET.transactions * (readings + 2))
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const count = Math.floor(((kill - 1 + random()) / (KILLS + 1)) * messages)
    await until(() => fleet.answered() > count, { withinMs: 60_000 })
    t.equal(await service.kill('SIGKILL'), 'SIGKILL', `kill ${kill}`)
    await service.start()
  }
  await fleet.finished
  await verify(t, service, readings)
})

/** By REST: each transaction once, closed, and each of its readings once. */
async function verify(t: Test, service: Service, readings: number): Promise<void> {
  const transactions: { id: string; energyWh: number; stoppedAt?: string }[] = []
  let after = ''
  do {
    const page = await service.get(`/transactions?limit=100${after}`)
    transactions.push(...page.transactions)
    after = page.next === null ? '' : `&after=${page.next}`
  } while (after !== '')
  t.equal(
    transactions.length,
    FLEET.chargePoints * FLEET.transactions,
    'none is lost or twice there',
  )
  const wrong: string[] = []
  for (const { id, energyWh, stoppedAt } of transactions) {
    const path = `/transaction/meter-values?limit=500&id=${encodeURIComponent(id)}`
    const { meterValues } = await service.get(path)
    const isRight = meterValues.length === readings && energyWh === readings + 1
    if (!isRight || stoppedAt === undefined) wrong.push(`${id}: ${meterValues.length} readings`)
  }
  t.strictSame(wrong, [], 'each has ended, with every reading once')
}
