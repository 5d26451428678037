import { Counter, Histogram, type Registry } from 'prom-client'

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const CALL_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** From the queue of submissions, and from vehicles, to the stream of events. */
export function createSubmissionMetrics(registers: Registry[]) {
  return {
    submissions: new Counter({
      name: 'fleetgrid_submissions_total',
      help: 'Submissions by outcome (published, duplicate, rejected: kept in the diagnostics, refused: comes again) and encoding.',
      labelNames: ['outcome', 'encoding'] as const,
      registers,
    }),
    submissionEvents: new Counter({
      name: 'fleetgrid_submission_events_total',
      help: 'Events of submissions by outcome: published, rejected.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    submissionLatency: new Histogram({
      name: 'fleetgrid_submission_latency_seconds',
      help: 'From a submission’s arrival in the queue until the last of its events was confirmed by the stream.',
      buckets: SECONDS,
      registers,
    }),
    vehicleEvents: new Counter({
      name: 'fleetgrid_vehicle_events_total',
      help: 'Stored messages about vehicles by what became of them in the event stream: published, rejected (kept as a dead letter), refused (comes again).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    vehicleEventLatency: new Histogram({
      name: 'fleetgrid_vehicle_event_latency_seconds',
      help: 'From a message’s arrival until the event stream confirmed it.',
      buckets: SECONDS,
      registers,
    }),
    streamRecords: new Counter({
      name: 'fleetgrid_event_stream_records_total',
      help: 'Records handed to the event stream by outcome: confirmed, retry (failed, goes out again), rejected.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    streamCallSeconds: new Histogram({
      name: 'fleetgrid_event_stream_call_seconds',
      help: 'Duration of one call to the event stream.',
      buckets: CALL_SECONDS,
      registers,
    }),
    streamFailures: new Counter({
      name: 'fleetgrid_event_stream_failed_calls_total',
      help: 'Calls to the event stream that failed for most of their records; those out together count as one.',
      registers,
    }),
  }
}
