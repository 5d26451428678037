import type { EngineClient } from './client.ts'

/**
 * Everything that is read from it is of one moment. Close it: it holds back disk space.
 * @param keepAlive how long it stays without being read from, such as `5m`
 */
export async function openPointInTime(
  client: EngineClient,
  alias: string,
  keepAlive: string,
): Promise<string> {
  const { body } = await client.request<{ readonly pit_id: string }>({
    method: 'POST',
    path: `/${encodeURIComponent(alias)}/_search/point_in_time`,
    query: { keep_alive: keepAlive },
  })
  return body.pit_id
}

/** Never fails: one that stays open ends by itself. */
export async function closePointInTime(client: EngineClient, id: string): Promise<void> {
  const path = '/_search/point_in_time'
  await client.request({ method: 'DELETE', path, body: { pit_id: [id] } }).catch(() => {})
}
