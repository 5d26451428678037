import { FleetgridError } from '../../../domain/errors.ts'
import type { EngineClient } from './client.ts'

const EXCERPT_LENGTH_MAX = 80
/** A user may be kept from asking who answers, and an address of other things has none of these. */
const NO_FAILURES = [301, 302, 307, 308, 400, 403, 404, 405] as const

interface Greeting {
  readonly version?: { readonly distribution?: unknown; readonly number?: unknown }
  readonly tagline?: unknown
}

/**
 * Whatever else answers at OPENSEARCH_URL would be waited for, or asked for indices in vain.
 * @throws FleetgridError which doesn't pass by itself, with advice; EngineError without an answer
 */
export async function requireOpenSearch(client: EngineClient): Promise<void> {
  const { status, body } = await client.request<Greeting | string>({
    method: 'GET',
    path: '/',
    expect: NO_FAILURES,
  })
  if (status === 403) return
  const greeting = typeof body === 'object' && body !== null ? body : {}
  if (status === 200 && greeting.version?.distribution === 'opensearch') return
  const message = `What answers at ${client.address} is not OpenSearch: GET / → ${status} ${describe(body)}. Set OPENSEARCH_URL to the address of its REST API, such as https://search.example.com:9200.`
  throw new FleetgridError('unavailable', message)
}

function describe(body: Greeting | string): string {
  const isElastic = typeof body === 'object' && body?.tagline === 'You Know, for Search'
  if (isElastic) return `Elasticsearch ${body.version?.number}`
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '')
  return JSON.stringify(text.slice(0, EXCERPT_LENGTH_MAX))
}
