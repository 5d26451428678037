import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { ConditionRecord } from '../ports/fleet-index.ts'
import type { ConditionLife, Trip, VehicleEvent } from './history-schemas.ts'
import { litersPer100Km, milesPerGallon, minutes, UNIT_SYSTEMS, type Units } from './units.ts'

/** A trip document with lower-cased keys → the original's item. */
export function renderTrip(document: JsonObject, units: Units): Trip {
  const summary = isJsonObject(document['tripsummary']) ? document['tripsummary'] : {}
  const { distance: toDistance, smallVolume } = UNIT_SYSTEMS[units]
  const duration = number(summary['duration'])
  const distance = map(number(summary['distance']), toDistance)
  const fuel = map(number(summary['fuel']), smallVolume)
  return {
    tripId: text(document['tripid']) ?? '',
    ...optional('startTime', text(summary['starttime'])),
    ...optional('duration', map(duration, minutes)),
    ...optional('fuel', fuel),
    ...optional('startLocation', coordinates(summary['startlocation'])),
    ...optional('endLocation', coordinates(summary['endlocation'])),
    distance: optional(units === 'metric' ? 'kilometers' : 'miles', distance),
    fuelEconomy: renderFuelEconomy(distance, fuel, units),
  }
}

function renderFuelEconomy(
  distance: number | undefined,
  fuel: number | undefined,
  units: Units,
): Trip['fuelEconomy'] {
  if (distance === undefined || fuel === undefined) return {}
  return units === 'metric'
    ? { litersPer100Km: litersPer100Km(distance, fuel) }
    : { mpg: milesPerGallon(distance, fuel) }
}

/** An event document with lower-cased keys → the original's item. */
export function renderEvent(document: JsonObject): VehicleEvent {
  return {
    ...optional('messageId', text(document['messageid'])),
    ...optional('creationtimestamp', text(document['creationtimestamp'])),
    alert: document['alert'] ?? {},
  }
}

export function renderCondition(record: ConditionRecord): ConditionLife {
  const { id, active, count, firstSeenAt, lastSeenAt, clearedAt } = record
  return {
    id,
    active,
    count,
    firstSeen: new Date(firstSeenAt).toISOString(),
    lastSeen: new Date(lastSeenAt).toISOString(),
    ...optional(
      'clearedAt',
      map(clearedAt, (at) => new Date(at).toISOString()),
    ),
  }
}

function coordinates(place: Json | undefined): number[] | undefined {
  if (!isJsonObject(place)) return undefined
  const longitude = number(place['longitude'])
  const latitude = number(place['latitude'])
  return longitude === undefined || latitude === undefined ? undefined : [longitude, latitude]
}

function number(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function map<T, R>(value: T | undefined, convert: (value: T) => R): R | undefined {
  return value === undefined ? undefined : convert(value)
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}
