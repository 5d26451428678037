import type { VehicleFilter } from '../../../../ports/fleet-index.ts'
import { boxQuery } from './box-query.ts'

const POSITION = 'fleetgrid.position'

/**
 * The vehicles that match, in filter context: nothing is scored.
 * @param located whether vehicles without a position are left out; boxes leave them out anyway
 */
export function vehicleQuery(filter: VehicleFilter, located: boolean): object {
  const { boundaries, softwareVersion } = filter
  const required: object[] = [
    ...terms('fleetgrid.vin', filter.vins),
    ...terms('attributes.make', filter.makes),
    ...terms('attributes.model', filter.models),
    ...terms('attributes.modelyear', filter.modelYears),
    ...terms('devices.softwareversion', softwareVersion === undefined ? [] : [softwareVersion]),
    ...terms('trouble_codes.code', filter.troubleCodes),
    ...terms('anomalies.anomaly_type', filter.anomalies),
  ]
  // One filter for all boxes: a vehicle in several counts once.
  if (boundaries.length > 0) {
    required.push({ bool: { should: boundaries.map((box) => boxQuery(POSITION, box)) } })
  } else if (located) {
    required.push({ exists: { field: POSITION } })
  }
  // Few are hidden, so to leave them out costs less than to ask for the others.
  return { bool: { filter: required, must_not: { term: { 'fleetgrid.hidden': true } } } }
}

/** At most 10,000 values arrive here (the API's schema); OpenSearch takes 65,536. */
function terms(field: string, values: readonly (string | number)[]): object[] {
  return values.length === 0 ? [] : [{ terms: { [field]: values } }]
}
