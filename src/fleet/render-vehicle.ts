import type { TelemetrySummary, VehicleView } from '../domain/vehicle.ts'
import { roundTo2, UNIT_SYSTEMS, type Units } from './units.ts'
import type { DetailedVehicle, Vehicle } from './vehicle-schemas.ts'

/** A vehicle as the original's API shows it. What is not known is left out (defect 14). */
export function renderVehicle(view: VehicleView, units: Units): Vehicle {
  const { vin, make, model, modelYear, color, telemetry, position } = view
  return {
    vin,
    ...(make === undefined ? {} : { make }),
    ...(model === undefined ? {} : { model }),
    ...(modelYear === undefined ? {} : { modelYear }),
    ...(color === undefined ? {} : { color }),
    telemetry: renderTelemetry(telemetry, units),
    devices: view.devices.map(({ softwareversion, deviceid }) => ({
      ...(softwareversion === undefined ? {} : { swVersion: softwareversion }),
      deviceId: deviceid.toUpperCase(),
    })),
    geoLocation: {
      ...(telemetry?.headingDegrees === undefined ? {} : { heading: telemetry.headingDegrees }),
      ...(position === undefined ? {} : { coordinates: [position.longitude, position.latitude] }),
    },
  }
}

/** With what only the answers for one vehicle have. */
export function renderDetailedVehicle(view: VehicleView, units: Units): DetailedVehicle {
  const sentAt = view.telemetry?.sentAt
  return {
    ...renderVehicle(view, units),
    troubleCodes: [...view.troubleCodes],
    anomalies: [...view.anomalies],
    ...(sentAt === undefined || sentAt === '' ? {} : { lastSeen: sentAt }),
  }
}

function renderTelemetry(
  summary: TelemetrySummary | undefined,
  units: Units,
): Vehicle['telemetry'] {
  if (summary === undefined) return {}
  const { distance, volume, smallVolume, temperature } = UNIT_SYSTEMS[units]
  const unchanged = (value: number): number => value
  return {
    ...rounded('odometer', summary.odometerKm, distance),
    ...rounded('fuelLevel', summary.fuelL, volume),
    ...rounded('oilTemp', summary.oilTemperatureF, temperature),
    ...rounded('currentSpeed', summary.speedKmh, distance),
    ...rounded('maxSpeed', summary.maxSpeedKmh, distance),
    ...rounded('avgSpeed', summary.averageSpeedKmh, distance),
    ...rounded('tripOdometer', summary.tripOdometerKm, distance),
    ...rounded('tripFuel', summary.tripFuelMl, smallVolume),
    // The original never converts the tank: clients that know it expect litres in both systems.
    ...rounded('tankCapacity', summary.tankCapacityL, unchanged),
  }
}

function rounded<K extends string>(
  key: K,
  value: number | undefined,
  convert: (value: number) => number,
): { [P in K]?: number } {
  if (value === undefined) return {}
  return { [key]: roundTo2(convert(value)) } as { [P in K]?: number }
}
