import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { type BoundingBox, parseBoundingBox } from '../domain/bounding-box.ts'
import { type FleetgridError, publicError } from '../domain/errors.ts'
import { parseTimestamp } from '../domain/time.ts'
import { normalizeVin } from '../domain/vin.ts'
import { describeFaults } from '../http/validation.ts'
import type { VehicleFilter } from '../ports/fleet-index.ts'
import { findJsonFault } from './json-fault.ts'
import type { AggregateQuery, HistoryQuery } from './query-schemas.ts'

/** The first thing wrong with a request, and everything that is wrong by its field. */
function wrongFields(fields: readonly { field: string; message: string }[]): FleetgridError {
  const text = fields.map(({ field, message }) => `${field} ${message}`).join('; ')
  return publicError('invalid', text, { fields })
}

function wrongField(field: string, message: string): FleetgridError {
  return wrongFields([{ field, message }])
}

/** Compiles the schema of a `filters` parameter → a function from the parameter to its value. */
export function createQueryParser<const S extends TSchema>(schema: S): (text: string) => Static<S> {
  const check = Compile(schema)
  return (text) => {
    const value = parseJson(decodeTwice(text))
    if (check.Check(value)) return value as Static<S>
    throw wrongFields(describeFaults(check.Errors(value), 'filters (the request itself)'))
  }
}

/** Some clients encode the JSON, and their HTTP library encodes it once more. */
function decodeTwice(text: string): string {
  if (!/^\s*%7B/i.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrongField('filters', 'is URL-encoded twice, and wrongly the second time')
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const position = findJsonFault(text)
    const found = text.slice(position, position + 10)
    const what = found === '' ? 'it ends too early' : `unexpected ${JSON.stringify(found)}`
    throw publicError('malformed', `filters is not JSON: ${what} at position ${position}`, {
      fields: [{ field: 'filters', message: `is not JSON at position ${position}` }],
    })
  }
}

type Filters = NonNullable<AggregateQuery['filters']>

/** @throws FleetgridError `invalid`, with the field's name */
export function toVehicleFilter(filters: Filters = {}): VehicleFilter {
  const { software, anomalies = [], troubleCodes = [], vehicle = {}, boundaries = [] } = filters
  const softwareVersion = software?.swVersion ?? ''
  return {
    boundaries: toBoxes(boundaries),
    vins: (vehicle.vin ?? []).flatMap((vin) => normalizeVin(vin) ?? []),
    makes: vehicle.make ?? [],
    models: vehicle.model ?? [],
    modelYears: (vehicle.year ?? []).map(Number),
    ...(softwareVersion === '' ? {} : { softwareVersion }),
    troubleCodes,
    anomalies,
  }
}

export function toBoxes(boundaries: readonly (readonly number[])[]): BoundingBox[] {
  return boundaries.flatMap((box, index) => parseBoundingBox(box, `filters.boundaries[${index}]`))
}

/** `left,bottom,right,top` */
export function parseBboxText(text: string): BoundingBox[] {
  const parts = text.split(',')
  const numbers = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  return parseBoundingBox(numbers, 'bbox')
}

/** @throws FleetgridError `invalid`, with the field's name */
export function toTimeRange({ filters }: HistoryQuery): { from?: number; to?: number } {
  const from = toTime(filters?.dates?.start, 'filters.dates.start')
  const to = toTime(filters?.dates?.end, 'filters.dates.end')
  if (from !== undefined && to !== undefined && from > to) {
    throw wrongField('filters.dates', 'starts after its end')
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function toTime(text: string | null | undefined, field: string): number | undefined {
  if (text === undefined || text === null || text === '') return undefined
  const time = parseTimestamp(text)
  if (time === undefined) throw wrongField(field, 'must be an ISO 8601 date or time')
  return time
}
