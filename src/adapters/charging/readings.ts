import { hash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { ConnectorPlace } from '../../domain/charge-point.ts'
import type { MeterReading } from '../../domain/charging-transaction.ts'
import type { Database, Tables } from '../database/database.ts'
import { toJsonText } from '../database/json-text.ts'
import { boundedNumber, boundedPlace } from './bounded-numbers.ts'
import { type MeterState, newerOf, newestRegister } from './meter.ts'
import { inOrder, usually } from './store-context.ts'

/** Readings of a transaction of 1.6, or of a place without one. */
export interface AddedReadings {
  readonly place: ConnectorPlace
  readonly number: number | undefined
  readonly readings: readonly MeterReading[]
}

interface TransactionMeter {
  readonly charge_point_id: string
  readonly number: number
  readonly at: number | undefined
  readonly wh: number | undefined
}

const METER_COLUMNS = {
  charge_point_id: 'text',
  number: 'integer',
  at: 'integer',
  wh: 'real',
} as const

const READING_COLUMNS = {
  transaction_number: 'integer',
  at: 'integer',
  hash: 'text',
  samples: 'text',
} as const

const PLACE_READING_COLUMNS = {
  charge_point_id: 'text',
  evse_id: 'integer',
  connector_id: 'integer',
  at: 'integer',
  hash: 'text',
  samples: 'text',
} as const

/** Where the charge point has no transaction of that number, they are the place's. */
export async function addReadings(
  database: Database,
  trx: Transaction<Tables>,
  told: readonly AddedReadings[],
  now: number,
): Promise<undefined[]> {
  const items = told.map(boundedItem)
  const known = await raiseMeters(database, trx, metersOf(items, now), now)
  const isKnown = ({ place, number }: AddedReadings): boolean =>
    number !== undefined && known.has(meterKey(place.chargePointId, number))
  const ofTransactions = items
    .filter(isKnown)
    .flatMap(({ number = 0, readings }) => readings.map((reading) => toReadingRow(number, reading)))
  const ofPlaces = items.filter((item) => !isKnown(item)).flatMap(toPlaceRows)
  await insertReadings(database, trx, ofTransactions)
  if (ofPlaces.length > 0) {
    const list = sql.raw(Object.keys(PLACE_READING_COLUMNS).join(', '))
    const insert = sql`
      INSERT INTO charging_place_reading (${list}, stored_at)
      SELECT ${list}, CAST(${now} AS bigint)
      FROM ${database.eachRow('x', PLACE_READING_COLUMNS, ofPlaces)} WHERE true
      ON CONFLICT DO NOTHING`
    await database.executeLast(trx, insert)
  }
  return told.map(() => undefined)
}

export interface ReadingRow {
  readonly transaction_number: number
  readonly at: number
  readonly hash: string
  readonly samples: string
}

export function toReadingRow(transactionNumber: number, reading: MeterReading): ReadingRow {
  return { transaction_number: transactionNumber, at: reading.at, ...toSamples(reading) }
}

/** What is there already stays as it is. */
export async function insertReadings(
  database: Database,
  trx: Transaction<Tables>,
  given: readonly ReadingRow[],
): Promise<void> {
  if (given.length === 0) return
  const list = sql.raw(Object.keys(READING_COLUMNS).join(', '))
  const insert = sql`
    INSERT INTO charging_reading (${list})
    SELECT ${list} FROM ${database.eachRow('x', READING_COLUMNS, given)} WHERE true
    ON CONFLICT DO NOTHING`
  await database.executeLast(trx, insert)
}

/** One a transaction, in order; without a register among its readings it has no state. */
function metersOf(items: readonly AddedReadings[], now: number): TransactionMeter[] {
  const meters = new Map<string, TransactionMeter>()
  for (const { place, number, readings } of items) {
    if (number === undefined) continue
    const key = meterKey(place.chargePointId, number)
    const state = newerOf(stateOf(meters.get(key)), newestRegister(readings, now))
    const { at, wh } = state ?? {}
    meters.set(key, { charge_point_id: place.chargePointId, number, at, wh })
  }
  return inOrder(meters)
}

/** Keys of those that are there, whether or not their meter is newer now. */
async function raiseMeters(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  meters: readonly TransactionMeter[],
  now: number,
): Promise<ReadonlySet<string>> {
  if (meters.length === 0) return new Set()
  const isNewer = sql`(x.at IS NOT NULL AND (
    meter_at IS NULL OR meter_at < x.at OR (meter_at = x.at AND meter_wh < x.wh)))`
  const { rows: known } = await sql<{ charge_point_id: string; number: number }>`
    UPDATE charging_transaction SET
      meter_wh = CASE WHEN ${isNewer} THEN x.wh ELSE meter_wh END,
      meter_at = CASE WHEN ${isNewer} THEN x.at ELSE meter_at END,
      told_at = ${now}
    FROM ${eachRow('x', METER_COLUMNS, meters)}
    WHERE charging_transaction.number = x.number
      AND charging_transaction.charge_point_id = x.charge_point_id
      AND ${usually(sql`charging_transaction.own_id IS NULL`)}
    RETURNING charging_transaction.charge_point_id, charging_transaction.number`.execute(trx)
  return new Set(known.map(({ charge_point_id, number }) => meterKey(charge_point_id, number)))
}

function boundedItem({ place, number, readings }: AddedReadings): AddedReadings {
  const known = number === undefined ? undefined : boundedNumber(number)
  return { place: boundedPlace(place), number: known, readings }
}

function toPlaceRows({ place, readings }: AddedReadings) {
  return readings.map((reading) => ({
    charge_point_id: place.chargePointId,
    evse_id: place.evseId,
    connector_id: place.connectorId,
    at: reading.at,
    ...toSamples(reading),
  }))
}

function meterKey(chargePointId: string, number: number): string {
  return `${chargePointId}/${number}`
}

function stateOf(meter: TransactionMeter | undefined): MeterState | undefined {
  if (meter?.at === undefined || meter.wh === undefined) return undefined
  return { at: meter.at, wh: meter.wh }
}

/** As text, with what tells readings of one transaction and moment apart. */
function toSamples({ samples }: MeterReading): Pick<ReadingRow, 'hash' | 'samples'> {
  const text = toJsonText(samples)
  return { hash: hash('sha1', text, 'base64url').slice(0, 11), samples: text }
}
