import { isJsonObject, type JsonObject } from '../../../../domain/json.ts'
import type { VehicleView } from '../../../../domain/vehicle.ts'
import { readLatest } from '../read-document.ts'

/** `_source` of latest_telemetry → what queries show. */
export function viewOf(source: JsonObject): VehicleView {
  const own = source['fleetgrid']
  const vin = isJsonObject(own) ? own['vin'] : undefined
  return readLatest(String(vin), source).view
}
