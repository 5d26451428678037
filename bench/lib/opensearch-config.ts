import type { OpenSearchFleetIndexConfig } from '../../src/config/adapters.ts'

const DAY_MS = 86_400_000

/** A cluster of one node; OPENSEARCH_URL says where, OPENSEARCH_INDEX_PREFIX keeps apart. */
export function benchConfig(): OpenSearchFleetIndexConfig {
  const { OPENSEARCH_URL: url, OPENSEARCH_INDEX_PREFIX: indexPrefix = 'bench-query-' } = process.env
  if (url === undefined) {
    throw new Error(
      'OPENSEARCH_URL is not set: start an OpenSearch, for example with docker compose, and give its address',
    )
  }
  return {
    adapter: 'opensearch',
    url,
    username: undefined,
    password: undefined,
    caFile: undefined,
    signingRegion: undefined,
    indexPrefix,
    shards: 1,
    replicas: 0,
    refreshIntervalMs: 1000,
    requestTimeoutMs: 60_000,
    bulkSizeMaxBytes: 8_000_000,
    bulkConcurrency: 2,
    historyRetentionMs: 30 * DAY_MS,
    vehiclesMax: 1_000_000,
  }
}
