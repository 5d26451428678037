import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'
import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import type { CurrentIndex } from './index-names.ts'

/** A few records a vehicle and day: more shards would only use up what a node may hold (1,000). */
const SMALL: ReadonlySet<CurrentIndex | HistoryIndex> = new Set(['trip', 'dtc', 'event', 'anomaly'])

/** OpenSearch's own, of an index that is searched. */
const REFRESH_INTERVAL_MS = 1000
/** One bad value, such as a latitude of 95, must not cost the document. */
const LENIENT = { 'index.mapping.ignore_malformed': 'true' }

/** Settings of an index of vehicles or devices that may change at any time. */
export function liveSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return { ...replicas(config), ...refreshEvery(config.refreshIntervalMs) }
}

export function currentSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return { ...liveSettings(config), ...LENIENT }
}

/**
 * An index that names no interval is refreshed every second, but not while nobody has searched it
 * for half a minute: a quarter of what writing costs. Who searches it then waits for a refresh.
 * https://docs.opensearch.org/latest/api-reference/index-apis/refresh/
 */
export function historySettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  const { refreshIntervalMs } = config
  const isSeldom = refreshIntervalMs > REFRESH_INTERVAL_MS
  return { ...replicas(config), ...(isSeldom ? refreshEvery(refreshIntervalMs) : {}), ...LENIENT }
}

const replicas = (config: OpenSearchFleetIndexConfig) => ({
  'index.number_of_replicas': String(config.replicas),
})
const refreshEvery = (intervalMs: number) => ({ 'index.refresh_interval': `${intervalMs}ms` })

/** Settings that an index gets at its birth. */
export function shardSettings(
  { shards }: OpenSearchFleetIndexConfig,
  index: CurrentIndex | HistoryIndex,
): Record<string, string> {
  return { 'index.number_of_shards': SMALL.has(index) ? '1' : String(shards) }
}
