import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { WorkerClient } from '../../../lib/worker-rpc.ts'
import { type DriverLimits, EmbeddedDriver } from './driver.ts'
import type { SqliteEngine } from './engine.ts'

export function createEmbeddedDialect(
  engine: WorkerClient<SqliteEngine>,
  limits: DriverLimits,
): Dialect {
  return {
    createAdapter: () => new TurnTakingAdapter(),
    createDriver: () => new EmbeddedDriver(engine, limits),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Or Kysely would let through one caller at a time, and no two could share a commit. */
class TurnTakingAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}
