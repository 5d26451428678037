import type { Logger } from 'pino'
import type { Metrics } from './http/metrics.ts'
import { limitLines } from './lib/limited-lines.ts'
import type { PublisherEvent } from './submissions/wave-publisher.ts'

/** Metrics and log lines of one publisher of waves. Of a stream that fails now and then the lines are few. */
export function observeWaves(of: string, metrics: Metrics, logger: Logger) {
  const warn = limitLines((about, text) => logger.warn(about, text))
  const inform = limitLines((about, text) => logger.info(about, text))
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
        warn('failed', { of, attempt, reason }, 'event stream failed, will be tried again')
        return
      }
      case 'recovered':
        inform('recovered', { of }, 'event stream takes events again')
        return
      case 'bug':
        logger.error({ of, err: event.error }, 'a bug of ours, please report it')
    }
  }
}
