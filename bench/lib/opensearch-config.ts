import type { OpenSearchFleetIndexConfig } from '../../src/config/adapters.ts'
import { createOpenSearchConfig } from '../../src/config/engines.ts'
import { readEnv } from '../../src/config/env.ts'

/** A cluster of one node; OPENSEARCH_URL says where, OPENSEARCH_INDEX_PREFIX keeps apart. */
export function benchConfig(): OpenSearchFleetIndexConfig {
  const { OPENSEARCH_URL, OPENSEARCH_INDEX_PREFIX = 'bench-query-' } = process.env
  if (OPENSEARCH_URL === undefined) {
    throw new Error(
      'OPENSEARCH_URL is not set: start an OpenSearch, for example with docker compose, and give its address',
    )
  }
  return createOpenSearchConfig(
    readEnv({
      OPENSEARCH_URL,
      OPENSEARCH_INDEX_PREFIX,
      OPENSEARCH_REPLICAS: '0',
      OPENSEARCH_REQUEST_TIMEOUT_MS: '60000',
      OPENSEARCH_BULK_CONCURRENCY: '2',
    }),
  )
}
