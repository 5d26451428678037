import type { Logger } from 'pino'
import type { Metrics } from './http/metrics.ts'
import type { PublisherEvent } from './submissions/wave-publisher.ts'

/** Metrics and log lines of one publisher of waves. */
export function observeWaves(of: string, metrics: Metrics, logger: Logger) {
  return (event: PublisherEvent): void => {
    switch (event.kind) {
      case 'call':
        metrics.streamRecords.inc({ outcome: 'confirmed' }, event.confirmed)
        metrics.streamRecords.inc({ outcome: 'retry' }, event.retry)
        metrics.streamRecords.inc({ outcome: 'rejected' }, event.rejected)
        metrics.streamCallSeconds.observe(event.durationMs / 1000)
        return
      case 'failed': {
        metrics.streamFailures.inc()
        const { attempt, reason } = event
        logger.warn({ of, attempt, reason }, 'event stream failed, will be tried again')
        return
      }
      case 'recovered':
        logger.info({ of }, 'event stream takes events again')
    }
  }
}
