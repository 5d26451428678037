import { parseArgs } from 'node:util'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import { ChargePointKeys } from '../../src/charging/charge-point-keys.ts'
import { stationId, stationKey, tokenUid } from './charging-messages.ts'

// Charge points with their keys and tokens, put into a database before the service opens it.

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '' },
    /** Instead of SQLite. */
    'database-url': { type: 'string' },
    secret: { type: 'string', default: '' },
    from: { type: 'string', default: '0' },
    stations: { type: 'string', default: '0' },
    tokens: { type: 'string', default: '0' },
  },
})
const AT_ONCE = 2000
const CONCURRENT_MAX = 100

const database = open(values['database-url'])
await database.open()
const { chargePoints, idTokens, close } = createChargingStores({ database, now: Date.now })
const keys = new ChargePointKeys({ secret: values.secret })
await times(Number(values.stations), (n) => {
  const id = stationId(Number(values.from) + n)
  const settings = { registration: 'accepted', securityProfileMin: 1, leniency: [] } as const
  return chargePoints.create(id, settings, keys.hash(id, Buffer.from(stationKey(id))))
})
await times(Number(values.tokens), (n) =>
  idTokens.put({ uid: tokenUid(n), isBlocked: false, concurrentMax: CONCURRENT_MAX }),
)
await close()
await database.close()

function open(url: string | undefined) {
  if (url === undefined) {
    return createEmbeddedDatabase({ adapter: 'embedded', dataDir: values['data-dir'] })
  }
  const limits = { poolMax: 5, connectTimeoutMs: 5000, statementTimeoutMs: 15_000 }
  return createPostgresDatabase({
    ...{ adapter: 'postgres', url, tls: 'off', caFile: undefined, ...limits },
  })
}

async function times(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
