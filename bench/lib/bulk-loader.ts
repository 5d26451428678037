import { randomUUID } from 'node:crypto'
import { EngineClient } from '../../src/adapters/fleet-index/opensearch/client.ts'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import { benchConfig } from './opensearch-config.ts'

/** A request as Fleetgrid sent it. */
export interface Bulk {
  readonly path: string
  readonly body: string
}

const AT_ONCE = 4

/** Sends them again, in their order, to indices of the same mappings; nothing else is done. */
export async function loadBulks(
  url: string,
  prefix: string,
  bulks: readonly Bulk[],
): Promise<{ seconds: number; cpu: number }> {
  process.env['OPENSEARCH_URL'] = url
  const config = { ...benchConfig(), indexPrefix: prefix }
  const index = createOpenSearchFleetIndex(config, { instance: randomUUID(), now: Date.now })
  await index.open()
  const client = new EngineClient(config)
  await client.open()
  const requests = bulks.map(({ path, body }) => ({
    method: 'POST' as const,
    path: path.replace(/^\/(?!_)/, `/${prefix}`),
    query: { filter_path: 'errors,items.*.status' },
    bulk: Buffer.from(prefixed(body, prefix)),
  }))
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const queue = requests.values()
  const lane = async (): Promise<void> => {
    for (const request of queue) {
      const { body } = await client.request<{ items: Record<string, { status: number }>[] }>(
        request,
      )
      const statuses = body.items.flatMap((item) => Object.values(item).map(({ status }) => status))
      // Without its conditions a vehicle's first document may come twice.
      const bad = statuses.find((status) => status >= 300 && status !== 409)
      if (bad !== undefined) throw new Error(`OpenSearch answered ${bad} to the bare loader`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  await client.close()
  await index.close()
  return { seconds, cpu: (user + system) / 1e6 }
}

/** The conditions of compare-and-set belong to the run that made them. */
function prefixed(body: string, prefix: string): string {
  return body
    .replaceAll(/,"if_seq_no":\d+,"if_primary_term":\d+/g, '')
    .replaceAll('{"_index":"', `{"_index":"${prefix}`)
}
