import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Sample } from '../../domain/charging-transaction.ts'
import type {
  PlaceReading,
  PlaceReadingQuery,
  ReadingCursor,
  StoredReading,
} from '../../ports/charging-transactions.ts'
import type { Tables } from '../database/database.ts'
import { boundedPlace } from './bounded-numbers.ts'

interface ReadingColumns {
  readonly at: number
  readonly hash: string
  readonly samples: string
}

interface PlaceReadingColumns extends ReadingColumns {
  readonly evse_id: number
  readonly connector_id: number
}

/** Of a transaction, in order of their times. */
export async function listReadings(
  db: Kysely<Tables>,
  transactionNumber: number,
  { after, limit }: { readonly after?: ReadingCursor; readonly limit: number },
): Promise<StoredReading[]> {
  const isAfter = after === undefined ? sql`` : sql`AND (at, hash) > (${after.at}, ${after.key})`
  const { rows } = await sql<ReadingColumns>`
    SELECT at, hash, samples FROM charging_reading
    WHERE transaction_number = ${transactionNumber} ${isAfter}
    ORDER BY at, hash LIMIT ${limit}`.execute(db)
  return rows.map(({ at, hash, samples }) => ({ at, key: hash, samples: readSamples(samples) }))
}

/** Of a charge point outside of transactions, in order of their times. */
export async function listPlaceReadings(
  db: Kysely<Tables>,
  query: PlaceReadingQuery,
): Promise<PlaceReading[]> {
  const { chargePointId, limit } = query
  const { rows } = await sql<PlaceReadingColumns>`
    SELECT at, evse_id, connector_id, hash, samples FROM charging_place_reading
    WHERE ${sql.join(placeConditions(query), sql` AND `)}
    ORDER BY at, evse_id, connector_id, hash LIMIT ${limit}`.execute(db)
  return rows.map(({ at, evse_id, connector_id, hash, samples }) => ({
    ...{ chargePointId, evseId: evse_id, connectorId: connector_id },
    ...{ at, key: `${evse_id}/${connector_id}/${hash}`, samples: readSamples(samples) },
  }))
}

function placeConditions(query: PlaceReadingQuery): RawBuilder<unknown>[] {
  const { chargePointId, evseId, connectorId, from, before, after } = query
  const conditions = [sql`charge_point_id = ${chargePointId}`]
  if (evseId !== undefined) conditions.push(sql`evse_id = ${evseId}`)
  if (connectorId !== undefined) conditions.push(sql`connector_id = ${connectorId}`)
  if (from !== undefined) conditions.push(sql`at >= ${from}`)
  if (before !== undefined) conditions.push(sql`at < ${before}`)
  if (after !== undefined) {
    const [, evse, connector, hash] = /^(-?\d{1,10})\/(-?\d{1,10})\/(.*)$/.exec(after.key) ?? []
    const numbers = {
      chargePointId,
      evseId: Number(evse ?? 0),
      connectorId: Number(connector ?? 0),
    }
    const last = boundedPlace(numbers)
    const place = sql`${after.at}, ${last.evseId}, ${last.connectorId}, ${hash ?? ''}`
    conditions.push(sql`(at, evse_id, connector_id, hash) > (${place})`)
  }
  return conditions
}

function readSamples(text: string): Sample[] {
  return JSON.parse(text) as Sample[]
}
