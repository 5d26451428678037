import type { Logger } from 'pino'
import { type ArchiveEvent, ArchiveMessages } from './archive/archive-messages.ts'
import type { Config } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Metrics } from './http/metrics.ts'
import type { Archive } from './ports/archive.ts'
import type { FeedMessage } from './ports/telemetry-feed.ts'

// Whatever the feeds deliver goes to ingest and to the archive.

export interface ArchiveDeps {
  readonly config: Config['telemetry']
  readonly archive: Archive
  readonly deliver: (message: FeedMessage) => void
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
}

export function createArchive(deps: ArchiveDeps): ArchiveMessages {
  const { config, archive, deliver, metrics, logger, clock } = deps
  return new ArchiveMessages({
    ...{ archive, deliver, now: clock.now },
    queueMax: config.writeQueueMax,
    deadlineMs: config.acknowledgeDeadlineMs,
    onEvent: (event) => observe(event, metrics, logger),
  })
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
