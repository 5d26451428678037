import { contains } from '../domain/bounding-box.ts'
import type { VehicleView } from '../domain/vehicle.ts'
import type { VehicleFilter } from '../ports/fleet-index.ts'

/** The rules of the fleet index, for one vehicle in memory. */
export function matchesFilter(view: VehicleView, filter: VehicleFilter): boolean {
  return compileFilter(filter)(view)
}

/** Prepares a filter that is used for many vehicles: lists become sets once. */
export function compileFilter(filter: VehicleFilter): (view: VehicleView) => boolean {
  const rules: ((view: VehicleView) => boolean)[] = []
  const oneOf = <T>(values: readonly T[], pick: (view: VehicleView) => T | undefined): void => {
    if (values.length === 0) return
    const wanted = new Set(values)
    rules.push((view) => {
      const value = pick(view)
      return value !== undefined && wanted.has(value)
    })
  }
  const anyOf = (
    values: readonly string[],
    pick: (view: VehicleView) => readonly string[],
  ): void => {
    if (values.length === 0) return
    const wanted = new Set(values)
    rules.push((view) => pick(view).some((value) => wanted.has(value)))
  }
  oneOf(filter.vins, (view) => view.vin)
  oneOf(filter.makes, (view) => view.make)
  oneOf(filter.models, (view) => view.model)
  oneOf(filter.modelYears, (view) => view.modelYear)
  anyOf(filter.troubleCodes, (view) => view.troubleCodes)
  anyOf(filter.anomalies, (view) => view.anomalies)
  const { boundaries, softwareVersion } = filter
  if (softwareVersion !== undefined) {
    rules.push((view) => view.devices.some((device) => device.softwareversion === softwareVersion))
  }
  if (boundaries.length > 0) {
    rules.push(({ position }) =>
      position === undefined ? false : boundaries.some((box) => contains(box, position)),
    )
  }
  return (view) => rules.every((rule) => rule(view))
}
