import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'
import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import type { CurrentIndex } from './index-names.ts'

/** A few records a vehicle and day: more shards would only use up what a node may hold (1,000). */
const SMALL: ReadonlySet<CurrentIndex | HistoryIndex> = new Set(['trip', 'dtc', 'event', 'anomaly'])

/** Settings that may change at any time. */
export function liveSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return {
    'index.number_of_replicas': String(config.replicas),
    'index.refresh_interval': `${config.refreshIntervalMs}ms`,
  }
}

/** What all indices have. One bad value, such as a latitude of 95, must not cost the document. */
export function commonSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return { ...liveSettings(config), 'index.mapping.ignore_malformed': 'true' }
}

/** Settings that an index gets at its birth. */
export function shardSettings(
  { shards }: OpenSearchFleetIndexConfig,
  index: CurrentIndex | HistoryIndex,
): Record<string, string> {
  return { 'index.number_of_shards': SMALL.has(index) ? '1' : String(shards) }
}
