import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'

/** Settings that may change at any time. */
export function liveSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return {
    'index.number_of_replicas': String(config.replicas),
    'index.refresh_interval': `${config.refreshIntervalMs}ms`,
  }
}

/** Settings of a new index. One bad value, such as a latitude of 95, must not cost the document. */
export function indexSettings(config: OpenSearchFleetIndexConfig): Record<string, string> {
  return {
    ...liveSettings(config),
    'index.number_of_shards': String(config.shards),
    'index.mapping.ignore_malformed': 'true',
  }
}
