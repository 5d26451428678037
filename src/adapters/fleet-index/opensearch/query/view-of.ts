import type { JsonObject } from '../../../../domain/json.ts'
import type { VehicleView } from '../../../../domain/vehicle.ts'
import { fleetgridOf, readLatest } from '../read-document.ts'

/** `_source` of latest_telemetry → what queries show. */
export function viewOf(source: JsonObject): VehicleView {
  return readLatest(String(fleetgridOf(source)['vin']), source).view
}
