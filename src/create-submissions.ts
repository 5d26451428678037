import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import type { PipelinesConfig } from './config/pipelines.ts'
import type { Clock } from './domain/clock.ts'
import { deliveryRoutes } from './firehose/delivery-routes.ts'
import { firehoseRoutes } from './firehose/routes.ts'
import type { Metrics } from './http/metrics.ts'
import { type LimitedLine, limitLines } from './lib/limited-lines.ts'
import { observeCsv } from './observe-csv.ts'
import { observeWaves } from './observe-waves.ts'
import { type Keep, keepInEither } from './submissions/keep-in-either.ts'
import { submissionRoutes } from './submissions/routes.ts'
import { type SubmissionEvent, Submissions } from './submissions/submissions.ts'

// The parts of the submissions pipeline: queue → submissions → event stream, with the diagnostics for
// what is rejected, and the REST routes beside it.

export interface SubmissionsDeps {
  readonly config: PipelinesConfig
  readonly ports: Pick<
    Ports,
    | 'eventStream'
    | 'submissionQueue'
    | 'diagnostics'
    | 'deadLetters'
    | 'firehoseRequests'
    | 'objectStore'
  >
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
}

export interface SubmissionsPipeline {
  readonly submissions: Submissions
  readonly routes: FastifyPluginAsync
  problems(): string[]
}

/** Rejected ones that wait to be kept; beyond it submissions wait in their queue. */
const KEEP_QUEUE_MAX = 10_000
/** Submissions that are recognised when they come again. */
const RECENT_MAX = 50_000

export function createSubmissions(deps: SubmissionsDeps): SubmissionsPipeline {
  const { config, ports, metrics, logger, clock } = deps
  const { eventStream, submissionQueue, diagnostics, deadLetters } = ports
  const keepLetters: Keep = (letters) => deadLetters.keep(letters)
  const submissions = new Submissions({
    stream: eventStream,
    keep: diagnostics === undefined ? keepLetters : keepInEither(diagnostics.keep, keepLetters),
    ...{ badEvents: config.badEvents, callsMax: config.callsMax, devicesMax: config.devicesMax },
    ...{ keepQueueMax: KEEP_QUEUE_MAX, recentMax: RECENT_MAX, now: clock.now },
    onEvent: observeSubmissions(metrics, logger),
  })
  return {
    submissions,
    routes: async (app) => {
      await app.register(submissionRoutes, { submissions, clock })
      await app.register(firehoseRoutes)
      await registerDelivery(app, deps)
    },
    problems: () => [...submissions.problems(), ...(submissionQueue?.problems() ?? [])],
  }
}

async function registerDelivery(
  app: FastifyInstance,
  { config, ports, metrics, logger, clock }: SubmissionsDeps,
): Promise<void> {
  const { accessKey, objectPrefix, csv } = config.firehose
  if (accessKey === undefined) return
  const warn = limitLines((about, text) => logger.warn(about, text))
  await app.register(deliveryRoutes, {
    ...{ accessKey, objectPrefix, csv, objectStore: ports.objectStore, now: clock.now },
    requests: ports.firehoseRequests,
    onCsv: observeCsv(metrics, logger),
    onDelivery(outcome, reason) {
      metrics.firehoseDeliveries.inc({ outcome })
      if (reason === undefined) return
      warn(outcome, { outcome, reason }, 'Firehose delivery not taken, it comes again')
    },
  })
}

/** A flood of the same trouble is a bounded number of lines. */
function observeSubmissions(metrics: Metrics, logger: Logger) {
  const warn = limitLines((about, text) => logger.warn(about, text))
  const observePublisher = observeWaves('submissions', metrics, logger)
  return (event: SubmissionEvent): void => {
    switch (event.kind) {
      case 'submission':
        observeSubmission(event, metrics, warn)
        return
      case 'diagnostics-failed': {
        const { attempt, reason } = event
        logger.warn({ attempt, reason }, 'rejected submissions can’t be kept, will be tried again')
        return
      }
      default:
        observePublisher(event)
    }
  }
}

function observeSubmission(
  event: Extract<SubmissionEvent, { kind: 'submission' }>,
  metrics: Metrics,
  warn: LimitedLine,
): void {
  const { outcome, encoding, events, latencyMs, reason } = event
  metrics.submissions.inc({ outcome, encoding })
  metrics.submissionEvents.inc({ outcome: 'published' }, events.published)
  metrics.submissionEvents.inc({ outcome: 'rejected' }, events.rejected)
  if (outcome === 'published') metrics.submissionLatency.observe(Math.max(0, latencyMs) / 1000)
  if (reason === undefined) return
  const text =
    outcome === 'rejected'
      ? 'submission rejected, kept in the diagnostics'
      : 'submission not published, it comes again'
  warn(outcome, { reason }, text)
}
