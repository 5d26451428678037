import type { PostgresDatabaseConfig } from '../../config/adapters.ts'
import { FleetgridError } from '../../domain/errors.ts'
import { createRepeater } from '../../lib/repeater.ts'
import type { Signals } from '../../ports/signals.ts'
import type { Database } from '../database/database.ts'
import { createClientConfig } from '../database/postgres/client-config.ts'
import { openError } from '../database/postgres/open-error.ts'
import { translateError } from '../database/postgres/translate-error.ts'
import { checkSignal } from './check-signal.ts'
import { Listener } from './postgres/listener.ts'
import { Publisher } from './postgres/publisher.ts'
import { Subscriptions } from './subscriptions.ts'

/** How long signals are there for an instance that is cut off. */
const RETENTION_MS = 3_600_000
const TRIM_INTERVAL_MS = 300_000
const TRIM_STEP_ROWS = 5000

export interface PostgresSignalsOptions {
  readonly config: PostgresDatabaseConfig
  /** Open before, closed after; publishing goes through its pool. */
  readonly database: Database
  /** A subscriber threw. */
  readonly onDeliveryFailed: (channel: string, error: unknown) => void
  /** Delivery pauses until `onReconnected`, then goes on where it was. */
  readonly onDisconnected: (error: unknown) => void
  /** After more than `retentionMs` signals may be missing: read what they would have pointed to. */
  readonly onReconnected: (awayMs: number) => void
  readonly retentionMs?: number
}

/** Signals as rows of PostgreSQL with NOTIFY to hurry and polling behind it. */
export function createPostgresSignals(options: PostgresSignalsOptions): Signals {
  const { config, database, retentionMs = RETENTION_MS } = options
  const { onDeliveryFailed, onDisconnected, onReconnected } = options
  const subscriptions = new Subscriptions(onDeliveryFailed)
  const publisher = new Publisher(database)
  const limits = { statementTimeoutMs: config.statementTimeoutMs, idleTransactionTimeoutMs: 0 }
  const listener = new Listener(() => createClientConfig(config, limits), {
    deliver: (channel, payload) => subscriptions.deliver(channel, payload),
    onDisconnected,
    onReconnected,
  })
  const trimmer = createRepeater({
    intervalMs: TRIM_INTERVAL_MS,
    firstAfterMs: TRIM_INTERVAL_MS * Math.random(),
    // The database is away: the next run removes more.
    run: () => trimSignals(database, retentionMs).catch(() => undefined),
  })
  return {
    async open() {
      try {
        await listener.open()
      } catch (error) {
        throw openError("Can't listen to signals", config, translateError(error))
      }
      trimmer.start()
    },
    async close() {
      await trimmer.stop()
      await publisher.close()
      await listener.close()
    },
    async check() {
      if (listener.isConnected) return
      throw new FleetgridError('unavailable', 'Signals: the database can not be reached.')
    },
    async publish(channel, payload) {
      checkSignal(channel, payload)
      await publisher.publish(channel, payload)
    },
    subscribe: (channel, deliver) => subscriptions.add(channel, deliver),
  }
}

/** Removes what is older than `retentionMs`, in short steps. */
export async function trimSignals(database: Database, retentionMs: number): Promise<void> {
  for (let removed = TRIM_STEP_ROWS; removed === TRIM_STEP_ROWS; ) {
    const rows = await database.run((db) =>
      db
        .deleteFrom('signal')
        .where('id', 'in', (some) =>
          some
            .selectFrom('signal')
            .select('id')
            .where(({ eb }) => eb('created_at', '<', eb(database.now, '-', retentionMs)))
            .orderBy('created_at')
            .limit(TRIM_STEP_ROWS),
        )
        .returning('id')
        .execute(),
    )
    removed = rows.length
  }
}
