import { randomUUID } from 'node:crypto'
import { sendBulk } from '../../src/adapters/fleet-index/opensearch/bulk.ts'
import { EngineClient } from '../../src/adapters/fleet-index/opensearch/client.ts'
import {
  composeLatest,
  composeRecord,
  recordId,
} from '../../src/adapters/fleet-index/opensearch/documents.ts'
import { IndexNames } from '../../src/adapters/fleet-index/opensearch/index-names.ts'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import type { FleetChange } from '../../src/ports/fleet-index.ts'
import { benchConfig } from './opensearch-config.ts'

/** Calls of all writers at the same time. */
export const CONCURRENCY = 4

export type Write = (changes: readonly FleetChange[]) => Promise<unknown>
export type Scheme = (
  prefix: string,
) => Promise<{ writers: readonly Write[]; close(): Promise<void> }>

/** Whole documents by plain bulks; `action` says on what condition the latest one is replaced. */
function bulkScheme(latestLine: (change: FleetChange, vin: string, at: number) => string): Scheme {
  return async (prefix) => {
    const config = { ...benchConfig(), indexPrefix: prefix }
    const index = createOpenSearchFleetIndex(config, { instance: randomUUID(), now: Date.now })
    await index.open()
    const client = new EngineClient(config)
    await client.open()
    await client.request({ method: 'PUT', path: `/_scripts/${SCRIPT_ID}`, body: SCRIPT })
    const names = new IndexNames(config)
    const send = async (path: string, operations: readonly string[]): Promise<void> => {
      const request = { path, requireAlias: false, operations }
      const items = await sendBulk(client, request, config.bulkSizeMaxBytes)
      const bad = items.find(({ status }) => status >= 300 && status !== 409)
      if (bad !== undefined) throw new Error(JSON.stringify(bad))
    }
    const write: Write = async (changes) => {
      const history = changes.flatMap((change) =>
        change.history.map((record) => {
          const _index = names.history(record.index, record.at, Date.now())
          const action = JSON.stringify({ create: { _index, _id: recordId(record) } })
          return `${action}\n${composeRecord(record, Date.now())}\n`
        }),
      )
      await send('/_bulk', history)
      const latest = changes.flatMap((change) => {
        const { telemetry } = change
        return telemetry === undefined ? [] : latestLine(change, telemetry.vin, telemetry.stamp.at)
      })
      await send(`/${names.alias('latest_telemetry')}/_bulk`, latest)
    }
    const close = async () => {
      await client.close()
      await index.close()
    }
    return { writers: [write], close }
  }
}

function latestDocument({ telemetry }: FleetChange, vin: string): string {
  if (telemetry === undefined) return '{}'
  const { stamp, position, document } = telemetry
  const place = position === undefined ? undefined : { stamp, ...position }
  const unknown = { status: undefined, writer: undefined, changedAt: 0 }
  return composeLatest(vin, { telemetry: stamp, position: place, ...unknown }, document)
}

const SCRIPT_ID = 'fleetgrid-bench-latest'
const SCRIPT = {
  script: {
    lang: 'painless',
    source: `if (ctx.op == 'create' || ctx._source.fleetgrid.telemetry_at <= params.at) {
      ctx._source.clear(); ctx._source.putAll(params.document)
    } else { ctx.op = 'noop' }`,
  },
}

function fleetgridScheme(instances: number): Scheme {
  return async (prefix) => {
    const config = { ...benchConfig(), indexPrefix: prefix, bulkConcurrency: CONCURRENCY }
    const indices = Array.from({ length: instances }, () =>
      createOpenSearchFleetIndex(config, { instance: randomUUID(), now: Date.now }),
    )
    await Promise.all(indices.map((index) => index.open()))
    const writers = indices.map(
      (index): Write =>
        async (changes) => {
          let left = changes
          while (left.length > 0) {
            const { rejected, retry } = await index.write(left)
            if (rejected.length > 0) throw new Error(rejected[0]?.reason)
            left = retry.flatMap((number) => left[number] ?? [])
          }
        },
    )
    const close = async () => {
      await Promise.all(indices.map((index) => index.close()))
    }
    return { writers, close }
  }
}

export const SCHEMES: Record<string, Scheme> = {
  'index, unguarded': bulkScheme(
    (change, vin) => `{"index":{"_id":"${vin}"}}\n${latestDocument(change, vin)}\n`,
  ),
  external_gte: bulkScheme(
    (change, vin, at) =>
      `{"index":{"_id":"${vin}","version":${at},"version_type":"external_gte"}}\n${latestDocument(change, vin)}\n`,
  ),
  'scripted upsert': bulkScheme(
    (change, vin, at) =>
      `{"update":{"_id":"${vin}"}}\n{"scripted_upsert":true,"upsert":{},"script":{"id":"${SCRIPT_ID}","params":{"at":${at},"document":${latestDocument(change, vin)}}}}\n`,
  ),
  'compare and set, 1 instance': fleetgridScheme(1),
  'compare and set, 2 instances': fleetgridScheme(2),
}
