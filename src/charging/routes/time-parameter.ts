import { publicError } from '../../domain/errors.ts'

/**
 * Epoch milliseconds of what the format `date-time` lets through: leap seconds, too.
 * @throws FleetgridError `invalid` for a day that there is not
 */
export function parseTime(text: string): number {
  const at = Date.parse(text.replace(/:60(?=\D|$)/, ':59'))
  if (Number.isNaN(at)) throw publicError('invalid', `${text} is no point in time`)
  return at
}

export function parseTimeIf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTime(text)
}
