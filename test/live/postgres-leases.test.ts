import t from 'tap'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import { leasesContract } from '../contracts/leases.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { openDatabase, postgresConfig } from '../helpers/postgres.ts'

const DURATION_MS = 900

leasesContract(t, async (t) => {
  const database = await openDatabase(t, postgresConfig(await makeDatabase(t)))
  return {
    durationMs: DURATION_MS,
    instance: (instance) => createStoredLeases({ database, instance, durationMs: DURATION_MS }),
  }
})
