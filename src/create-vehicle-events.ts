import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import type { Config } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Metrics } from './http/metrics.ts'
import { observeWaves } from './observe-waves.ts'
import { WavePublisher } from './submissions/wave-publisher.ts'
import { VehicleEvents } from './telemetry/vehicle-events.ts'

export interface VehicleEventsDeps {
  readonly config: Pick<Config, 'telemetry' | 'pipelines'>
  readonly ports: Pick<Ports, 'eventStream'>
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
}

/** What ingest has stored → the event stream, by waves of its own beside those of the submissions. */
export function createVehicleEvents(deps: VehicleEventsDeps): VehicleEvents {
  const { config, ports, metrics, logger, clock } = deps
  const { telemetry, pipelines } = config
  const queued = metrics.queued.labels('event-stream')
  return new VehicleEvents({
    publisher: new WavePublisher({
      ...{ stream: ports.eventStream, callsMax: pipelines.callsMax },
      onEvent: observeWaves('messages of vehicles', metrics, logger),
    }),
    queueMax: telemetry.writeQueueMax,
    deadlineMs: telemetry.acknowledgeDeadlineMs,
    now: clock.now,
    onEnd(outcome, latencyMs) {
      metrics.vehicleEvents.inc({ outcome })
      if (outcome === 'published') metrics.vehicleEventLatency.observe(latencyMs / 1000)
    },
    onSize: (size) => queued.set(size),
  })
}
