import type { Metrics } from '../http/metrics.ts'
import type { Message } from './messages.ts'
import type { Outcome } from './outcome.ts'
import type { TopicFamily } from './topics.ts'

const OUTCOME_LABELS: Record<Outcome['kind'], string> = {
  stored: 'stored',
  duplicate: 'duplicate',
  ignored: 'ignored',
  unusable: 'dead-lettered',
  refused: 'refused',
}

/** The counters of one message's way, with their labels bound once: this is a hot path. */
export function createIngestMetrics(metrics: Metrics, clockSkewToleranceMs: number) {
  /** Stored messages that are not in the metric yet, by topic. */
  const stored = new Map<TopicFamily | 'other', number>()
  const fromSent = metrics.latency.labels('sent')
  const fromReceived = metrics.latency.labels('received')
  return {
    count(topic: TopicFamily | 'other', outcome: Outcome): void {
      if (outcome.kind === 'stored') stored.set(topic, (stored.get(topic) ?? 0) + 1)
      else metrics.messages.inc({ topic, outcome: OUTCOME_LABELS[outcome.kind] })
    },

    /** After each batch: to count one by one is dear. */
    flush(): void {
      for (const [topic, count] of stored) {
        metrics.messages.inc({ topic, outcome: OUTCOME_LABELS.stored }, count)
      }
      stored.clear()
    },

    /** Counts what was repaired or wrong in a message that is kept all the same. */
    inspect(topic: TopicFamily, message: Message, receivedAt: number): void {
      if (message.repairs > 0) metrics.repairs.inc({ topic }, message.repairs)
      if (message.kind === 'cardata' && typeof message.position === 'string') {
        metrics.positionFaults.inc({ fault: message.position })
      }
      const skewMs = message.sentAt - receivedAt
      if (Math.abs(skewMs) <= clockSkewToleranceMs) return
      const direction = skewMs > 0 ? 'ahead' : 'behind'
      metrics.clockSkew.inc({ direction })
      metrics.clockSkewSeconds.observe({ direction }, Math.abs(skewMs) / 1000)
    },

    observeLatency(now: number, receivedAt: number, sentAt: number | undefined): void {
      fromReceived.observe((now - receivedAt) / 1000)
      if (sentAt !== undefined) fromSent.observe(Math.max(0, now - sentAt) / 1000)
    },
  }
}
