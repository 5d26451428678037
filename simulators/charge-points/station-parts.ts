import { createRandom } from '../vehicles/random.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import type { Station } from './station.ts'
import type { StationOptions } from './station-options.ts'
import { type QueueOptions, TransactionQueue } from './transaction-queue.ts'

export function createConnection(
  { identity, seed, scheduler, counts }: Station,
  options: StationOptions,
  events: ConnectionEvents,
): Connection {
  const random = createRandom(`${seed}/reconnect/${identity.id}`)
  return new Connection({ ...options, id: identity.id }, { scheduler, counts, random }, events)
}

export function createQueue(station: Station): TransactionQueue {
  const { settings, scheduler, counts, connection } = station
  const options: QueueOptions = {
    attemptsMax: () => Math.max(1, settings.number('attemptsMax')),
    retryIntervalS: () => settings.number('retryIntervalS'),
    isReady: () => station.isOnline,
    call: (action, payload) => connection.call(action, payload),
  }
  return new TransactionQueue(options, scheduler, counts)
}
