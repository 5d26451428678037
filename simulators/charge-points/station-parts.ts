import { createRandom } from '../random.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import type { Counts } from './counts.ts'
import type { Scheduler } from './scheduler.ts'
import type { Settings } from './settings.ts'
import type { StationOptions } from './station-options.ts'
import { type QueueOptions, TransactionQueue } from './transaction-queue.ts'

export function createConnection(
  options: StationOptions,
  { scheduler, counts }: { scheduler: Scheduler; counts: Counts },
  events: ConnectionEvents,
): Connection {
  const { id } = options.identity
  const random = createRandom(`${options.seed}/reconnect/${id}`)
  return new Connection({ ...options, id }, { scheduler, counts, random }, events)
}

/** What a queue needs of its station. */
interface QueueHost {
  readonly scheduler: Scheduler
  readonly counts: Counts
  readonly settings: Settings
  readonly connection: Connection
  readonly isOnline: boolean
}

export function createQueue(station: QueueHost): TransactionQueue {
  const { settings, scheduler, counts, connection } = station
  const options: QueueOptions = {
    attemptsMax: () => Math.max(1, settings.number('attemptsMax')),
    retryIntervalS: () => settings.number('retryIntervalS'),
    isReady: () => station.isOnline,
    call: (action, payload) => connection.call(action, payload),
  }
  return new TransactionQueue(options, scheduler, counts)
}
