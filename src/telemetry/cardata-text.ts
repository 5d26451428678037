import { isJsonObject } from '../domain/json.ts'
import type { Position, PositionFault } from '../domain/position.ts'
import type { CardataMessage } from './messages.ts'

/** The member of `geolocation` that the index looks at, with a comma behind it; empty without one. */
export function locationMember(position: Position | PositionFault): string {
  if (typeof position === 'string') return ''
  return `"location":[${position.longitude},${position.latitude}],`
}

/**
 * The document with its location and further members, as JSON text on one line. Mostly that is the
 * text that came: this runs for every message, and writing the whole object again is dear.
 */
export function writeCardata(
  message: CardataMessage,
  members: Readonly<Record<string, number | string>>,
): string {
  const { text } = message
  if (text === undefined) return write(message, members)
  let more = ''
  for (const key in members) more += `,${JSON.stringify(key)}:${JSON.stringify(members[key])}`
  return more === '' ? text : `${text.slice(0, -1)}${more}}`
}

function write(
  { document, position }: CardataMessage,
  members: Readonly<Record<string, number | string>>,
): string {
  const geolocation = document['geolocation']
  const located =
    typeof position === 'string' || !isJsonObject(geolocation)
      ? {}
      : { geolocation: { ...geolocation, location: [position.longitude, position.latitude] } }
  return JSON.stringify({ ...document, ...located, ...members })
}
