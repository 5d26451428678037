import type { BoundingBox } from '../../../domain/bounding-box.ts'
import type { Facet, Facets, VehicleFilter } from '../../../ports/fleet-index.ts'
import { type Facts, FLAGGED, LOCATED, SHOWN, type VehicleColumns } from './columns.ts'

/**
 * Numbers of the vehicles that match, ascending.
 * @param located whether vehicles without a position are left out; boxes leave them out anyway
 */
export function matchVehicles(
  columns: VehicleColumns,
  filter: VehicleFilter,
  located: boolean,
): number[] {
  const { boundaries } = filter
  const wanted = located || boundaries.length > 0 ? SHOWN | LOCATED : SHOWN
  const factsMatch = compileFacts(filter)
  const { state, facts } = columns
  const matches: number[] = []
  const test = (number: number): void => {
    if (((state[number] ?? 0) & wanted) !== wanted) return
    if (boundaries.length > 0 && !isInside(columns, number, boundaries)) return
    const its = facts[number]
    if (factsMatch !== undefined && (its === undefined || !factsMatch(its))) return
    matches.push(number)
  }
  if (filter.vins.length > 0) {
    for (const number of numbersOf(columns, filter.vins)) test(number)
  } else {
    for (let number = 1; number <= columns.last; number += 1) test(number)
  }
  return matches
}

function numbersOf(columns: VehicleColumns, vins: readonly string[]): number[] {
  const numbers = new Set<number>()
  for (const vin of vins) {
    const number = columns.numberOf(vin)
    if (number !== undefined) numbers.add(number)
  }
  return [...numbers].sort((left, right) => left - right)
}

/** Exact and with the borders, as `contains`; written out because it runs for every vehicle. */
function isInside(columns: VehicleColumns, number: number, boxes: readonly BoundingBox[]): boolean {
  const longitude = columns.longitude[number] ?? Number.NaN
  const latitude = columns.latitude[number] ?? Number.NaN
  for (const { west, south, east, north } of boxes) {
    if (longitude >= west && longitude <= east && latitude >= south && latitude <= north) {
      return true
    }
  }
  return false
}

/** One test per list that is not empty; undefined if none is. */
function compileFacts(filter: VehicleFilter): ((facts: Facts) => boolean) | undefined {
  const tests: ((facts: Facts) => boolean)[] = []
  const makes = new Set(filter.makes)
  const models = new Set(filter.models)
  const years = new Set(filter.modelYears)
  const codes = new Set(filter.troubleCodes)
  const anomalies = new Set(filter.anomalies)
  const { softwareVersion } = filter
  if (makes.size > 0) tests.push(({ make }) => make !== undefined && makes.has(make))
  if (models.size > 0) tests.push(({ model }) => model !== undefined && models.has(model))
  if (years.size > 0) {
    tests.push(({ modelYear }) => modelYear !== undefined && years.has(modelYear))
  }
  if (softwareVersion !== undefined) {
    tests.push(({ softwareVersions }) => softwareVersions.includes(softwareVersion))
  }
  if (codes.size > 0) {
    tests.push(({ troubleCodes }) => troubleCodes.some((code) => codes.has(code)))
  }
  if (anomalies.size > 0) {
    tests.push((facts) => facts.anomalies.some((type) => anomalies.has(type)))
  }
  if (tests.length === 0) return undefined
  return (facts) => tests.every((matches) => matches(facts))
}

export function countFacets(columns: VehicleColumns, matches: readonly number[]): Facets {
  const troubleCodes = new Map<string, number>()
  const anomalies = new Map<string, number>()
  for (const number of matches) {
    if (((columns.state[number] ?? 0) & FLAGGED) === 0) continue
    const facts = columns.facts[number]
    if (facts === undefined) continue
    for (const code of facts.troubleCodes) count(troubleCodes, code)
    for (const type of facts.anomalies) count(anomalies, type)
  }
  return { anomalies: inOrder(anomalies), troubleCodes: inOrder(troubleCodes) }
}

function count(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1)
}

function inOrder(counts: ReadonlyMap<string, number>): Facet[] {
  return [...counts]
    .map(([id, count]) => ({ id, count }))
    .sort((left, right) => right.count - left.count || (left.id < right.id ? -1 : 1))
}
