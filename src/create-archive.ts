import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import { type ArchiveEvent, ArchiveMessages } from './archive/archive-messages.ts'
import { archiveRoutes } from './archive/routes.ts'
import type { Config } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Metrics } from './http/metrics.ts'
import { isDoneWithin } from './lib/within.ts'
import type { Archive } from './ports/archive.ts'
import type { FeedMessage } from './ports/telemetry-feed.ts'

// The parts of the archive: what the feeds deliver goes to ingest and into it, and comes back by a replay.

const FLUSH_MS = 5000
/**
 * The longest that a stream gathers records:
 * https://docs.aws.amazon.com/firehose/latest/dev/create-configure.html
 */
const OF_FIREHOSE = { prefix: '', bufferMs: 900_000 }

export interface ArchiveDeps {
  readonly config: Pick<Config, 'telemetry' | 'archive'>
  readonly ports: Pick<Ports, 'archive' | 'objectStore'>
  /** Ingest. */
  readonly deliver: (message: FeedMessage) => void
  /** Aborted when this instance stops. */
  readonly signal: AbortSignal
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
}

export interface Archiving {
  readonly archive: Archive
  readonly messages: ArchiveMessages
  readonly routes: FastifyPluginAsync
  /** Resolves when the archive has what was delivered; most of it in objects then. */
  drain(): Promise<void>
}

/** Undefined: nothing is archived. */
export function createArchive(deps: ArchiveDeps): Archiving | undefined {
  const { config, ports, deliver, signal, metrics, logger, clock } = deps
  const { archive, objectStore } = ports
  if (archive === undefined) return undefined
  const messages = new ArchiveMessages({
    ...{ archive, deliver, now: clock.now },
    queueMax: config.telemetry.writeQueueMax,
    deadlineMs: config.telemetry.acknowledgeDeadlineMs,
    onEvent: (event) => observe(event, metrics, logger),
  })
  // Firehose puts the hour where its own settings say; a replay looks where we would put it.
  const { prefix: objectPrefix, bufferMs: objectMaxMs } =
    config.archive?.adapter === 'embedded' ? config.archive : OF_FIREHOSE
  return {
    ...{ archive, messages },
    async drain() {
      await messages.drain()
      // It is safe on this disk, which may end with this container.
      await isDoneWithin(FLUSH_MS, archive.flush())
    },
    routes: async (app) => {
      const options = { objectStore, objectPrefix, objectMaxMs, deliver, signal, now: clock.now }
      await app.register(archiveRoutes, options)
    },
  }
}

function observe(event: ArchiveEvent, metrics: Metrics, logger: Logger): void {
  switch (event.kind) {
    case 'archived':
      metrics.archived.inc({ outcome: 'archived' }, event.count)
      return
    case 'failed': {
      metrics.archived.inc({ outcome: 'retry' })
      // The batcher pauses after each, so these are few.
      const { attempt, cause } = event
      logger.warn({ attempt, cause }, 'archive failed, will be tried again')
      return
    }
    case 'rejected': {
      metrics.archived.inc({ outcome: 'rejected' })
      const { topic, reason } = event
      logger.warn({ topic, reason }, 'a message can’t be archived')
      return
    }
    case 'recovered':
      logger.info('archive takes messages again')
  }
}
