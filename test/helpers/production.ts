import { Client } from '@opensearch-project/opensearch'
import type { Test } from 'tap'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import type { FleetIndexConfig, OpenSearchFleetIndexConfig } from '../../src/config/adapters.ts'
import { createConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import type { FaultFleet } from './fault-fleet.ts'
import type { Service } from './service.ts'
import { until } from './until.ts'

// The service on its production engines, for fault tests: how it is configured, and how what it
// stored is counted — from outside, by the engine's own client.

export interface Engines {
  readonly opensearchUrl: string
  readonly brokerUrl: string
  readonly prefix: string
}

/** Variables of an instance. */
export function productionEnv({ opensearchUrl, brokerUrl, prefix }: Engines) {
  return {
    LOG_LEVEL: 'warn',
    TELEMETRY_FEED: 'mqtt',
    MQTT_URL: brokerUrl,
    MQTT_CLIENT_ID_PREFIX: prefix,
    MQTT_SHARE_NAME: `${prefix}share`,
    MQTT_CONNECTIONS: '3',
    MQTT_PLATFORM_EVENTS: 'off',
    FLEET_INDEX: 'opensearch',
    OPENSEARCH_URL: opensearchUrl,
    OPENSEARCH_INDEX_PREFIX: prefix,
    OPENSEARCH_REPLICAS: '0',
    OPENSEARCH_REQUEST_TIMEOUT_MS: '5000',
  }
}

/** Memory of an instance, whatever happens to its engines. */
const MEMORY_MAX_MB = 600

/**
 * Promise 3: sent = stored + dead letters, and the latest state is that of a sequential replay. And
 * promise 4: `services` run still, and have never taken more memory than they should.
 */
export async function verifyFleet(
  t: Test,
  engines: Engines,
  fleet: FaultFleet,
  { services, withinMs = 60_000 }: { services: readonly Service[]; withinMs?: number },
): Promise<void> {
  const client = new Client({ node: engines.opensearchUrl, requestTimeout: 10_000 })
  t.after(() => client.close())
  const counts = async () => ({
    cardata: await countDocuments(client, `${engines.prefix}cardata`),
    dtc: await countDocuments(client, `${engines.prefix}dtc`),
    unusable: await countDeadLetters(services),
  })
  const wanted = { ...fleet.stored, unusable: fleet.unusable }
  const isThere = async () => JSON.stringify(await counts()) === JSON.stringify(wanted)
  await until(isThere, { withinMs, what: 'every message stored or kept as a dead letter' }).catch(
    () => undefined,
  )
  t.same(await counts(), wanted, 'sent = stored + dead letters, none twice')
  await verifyLatest(t, engines, fleet)
  for (const service of services) {
    const peakMb = Math.round(service.peakMemoryMb())
    t.ok(peakMb < MEMORY_MAX_MB, `at most ${peakMb} MB of memory`)
  }
}

async function verifyLatest(t: Test, engines: Engines, fleet: FaultFleet): Promise<void> {
  const index = createOpenSearchFleetIndex(indexConfig(engines), {
    instance: 'verifier',
    now: Date.now,
  })
  await index.open()
  t.after(() => index.close())
  const vins = [...fleet.expected.keys()]
  const findWrong = async (): Promise<string[]> => {
    const wrong: string[] = []
    for (const vin of vins) {
      const found = JSON.stringify(sorted(await index.latestVehicle(vin)))
      const expected = JSON.stringify(sorted(fleet.expected.get(vin)))
      if (found !== expected) wrong.push(`${vin}: found ${found}, expected ${expected}`)
    }
    return wrong
  }
  // Instances join what each of them knows some seconds later.
  const isRight = async () => (await findWrong()).length === 0
  await until(isRight, { withinMs: 30_000 }).catch(() => undefined)
  const wrong = (await findWrong()).slice(0, 3)
  t.same(wrong, [], `latest state of ${vins.length} vehicles = sequential replay`)
}

function indexConfig(engines: Engines): OpenSearchFleetIndexConfig {
  const { fleetIndex }: { fleetIndex: FleetIndexConfig } = createConfig(
    readEnv({ ...productionEnv(engines), TELEMETRY_FEED: 'embedded' }),
  )
  if (fleetIndex.adapter !== 'opensearch') throw new Error('not on OpenSearch')
  return fleetIndex
}

async function countDocuments(client: Client, index: string): Promise<number> {
  await client.indices.refresh({ index, ignore_unavailable: true })
  const { body } = await client.count({ index, ignore_unavailable: true })
  return body.count
}

/** Different ones: instances with databases of their own may have kept the same message. */
async function countDeadLetters(services: readonly Service[]): Promise<number> {
  const ids = new Set<string>()
  for (const service of services) {
    let offset: number | null = 0
    while (offset !== null) {
      const page: { deadLetters: { id: string }[]; offset: number | null } = await service.get(
        `/dead-letters?state=open&offset=${offset}&maxResults=50`,
      )
      for (const { id } of page.deadLetters) ids.add(id)
      offset = page.offset
    }
  }
  return ids.size
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]))
}

/** Messages that this instance has stored, by its own count. */
export async function countStored({ httpUrl }: Pick<Service, 'httpUrl'>): Promise<number> {
  const metrics = await (await fetch(`${httpUrl}/metrics`)).text()
  const pattern = /^fleetgrid_messages_total\{topic="cardata",outcome="stored"\} (\d+)/m
  return Number(pattern.exec(metrics)?.[1] ?? 0)
}
