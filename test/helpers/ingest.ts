import { pino } from 'pino'
import { createMetrics } from '../../src/http/metrics.ts'
import type { DeadLetters } from '../../src/ports/dead-letters.ts'
import type { FleetIndex } from '../../src/ports/fleet-index.ts'
import { Ingest } from '../../src/telemetry/ingest.ts'
import type { VehicleEvents } from '../../src/telemetry/vehicle-events.ts'

export type Answer = 'acknowledged' | string

/** Ingest on stores of the caller's, without a feed: the test delivers. */
export function createIngest(stores: {
  readonly fleetIndex: FleetIndex
  readonly deadLetters: DeadLetters
  readonly vehicleEvents?: VehicleEvents
}) {
  const ingest = new Ingest({
    ...stores,
    jobs: { desiredVersion: async () => undefined },
    onVehiclesChanged: () => undefined,
    onStatusesStored: () => undefined,
    metrics: createMetrics(),
    logger: pino({ level: 'silent' }),
    clock: { now: Date.now },
    config: {
      messageSizeMaxBytes: 65_536,
      acknowledgeDeadlineMs: 30_000,
      clockSkewToleranceMs: 60_000,
      oilTemperatureLimitF: 280,
      vehiclesMax: 100,
      devicesMax: 100,
      writeBatchMax: 500,
      writeQueueMax: 1000,
    },
  })
  return {
    ingest,
    /** Resolves with the answer to the feed: acknowledged, or why it was refused. */
    deliver: (topic: string, payload: unknown): Promise<Answer> =>
      new Promise((resolve) => {
        const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload))
        ingest.deliver({
          topic,
          payload: bytes,
          receivedAt: Date.now(),
          acknowledge: () => resolve('acknowledged'),
          refuse: resolve,
        })
      }),
  }
}
