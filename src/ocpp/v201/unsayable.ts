import { type FleetgridError, publicError } from '../../domain/errors.ts'

/** A parameter, or its absence, that OCPP 2.0.1 has no words for. */
export function unsayable(field: string, why: string): FleetgridError {
  return publicError('invalid', `OCPP 2.0.1: ${field} ${why}.`, { field })
}

/** @throws FleetgridError `invalid` if it is none of these words */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  value: string,
  field: string,
): Word {
  const word = words.find((word) => word === value)
  if (word === undefined) throw unsayable(field, `is one of ${words.join(', ')}`)
  return word
}

/** @throws FleetgridError `invalid` if it isn't there */
export function needed<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw unsayable(field, 'is needed')
  return value
}
