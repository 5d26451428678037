import { type FleetgridError, publicError } from '../../domain/errors.ts'

/** A parameter, or its absence, that OCPP 1.6 has no words for. */
export function unsayable(field: string, why: string): FleetgridError {
  return publicError('invalid', `OCPP 1.6: ${field} ${why}.`, { field })
}

/** @throws FleetgridError `invalid` if it isn't there */
export function needed<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw unsayable(field, 'is needed')
  return value
}
