import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import {
  createOpenSearchFleetIndex,
  type OpenSearchFleetIndexOptions,
} from '../../src/adapters/fleet-index/opensearch.ts'
import type { OpenSearchFleetIndexConfig } from '../../src/config/adapters.ts'
import { createOpenSearchConfig } from '../../src/config/engines.ts'
import { readEnv } from '../../src/config/env.ts'
import type { FleetIndex } from '../../src/ports/fleet-index.ts'
import { START } from '../contracts/fleet-changes.ts'
import { engineUrl, indexPrefix } from './engines.ts'

const HOUR_MS = 3_600_000

export interface TestCluster {
  readonly config: OpenSearchFleetIndexConfig
  readonly prefix: string
  /** One more process that uses the same indices; open. */
  instance(
    config?: Partial<OpenSearchFleetIndexConfig>,
    options?: Partial<OpenSearchFleetIndexOptions>,
  ): Promise<FleetIndex>
  /** What is written is found from now on. */
  settle(): Promise<void>
  /** Asks OpenSearch itself. */
  ask<T>(method: string, path: string, body?: object): Promise<T>
}

export function opensearchConfig(indexPrefix: string): OpenSearchFleetIndexConfig {
  return createOpenSearchConfig(
    readEnv({
      OPENSEARCH_URL: engineUrl('opensearch'),
      OPENSEARCH_INDEX_PREFIX: indexPrefix,
      OPENSEARCH_REPLICAS: '0',
      OPENSEARCH_BULK_SIZE_MAX_BYTES: '5000000',
      OPENSEARCH_BULK_CONCURRENCY: '4',
    }),
  )
}

/** A place of its own in the OpenSearch that runs for tests; its clock stands an hour after START. */
export function testCluster(t: Test): TestCluster {
  const prefix = indexPrefix(t)
  const config = opensearchConfig(prefix)
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${config.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 1000)}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  return {
    config,
    prefix,
    async instance(changes = {}, options = {}) {
      const now = () => START + HOUR_MS
      const all = { instance: randomUUID(), now, ...options }
      const index = createOpenSearchFleetIndex({ ...config, ...changes }, all)
      await index.open()
      t.teardown(() => index.close())
      return index
    },
    settle: async () => {
      await ask('POST', `/${prefix}*/_refresh`)
    },
    ask,
  }
}
