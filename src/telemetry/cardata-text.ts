import { isJsonObject } from '../domain/json.ts'
import type { Position } from '../domain/position.ts'
import type { CardataMessage } from './messages.ts'

/** What Fleetgrid adds to a cardata document. */
export interface CardataAdditions {
  /** Becomes `geolocation.location`, `[longitude, latitude]`. */
  readonly position: Position | undefined
  readonly members: Readonly<Record<string, number | string>>
}

/**
 * The document with the additions, as JSON text on one line. Mostly they are spliced into the text
 * that came: this runs for every message, and writing the whole object again is dear.
 */
export function writeCardata(message: CardataMessage, additions: CardataAdditions): string {
  return splice(message, additions) ?? write(message, additions)
}

function splice(
  { source, document }: CardataMessage,
  { position, members }: CardataAdditions,
): string | undefined {
  if (source === undefined) return undefined
  const { text, geolocationAt } = source
  // Lines end documents in bulk requests, and the splices need to know where braces are.
  if (!text.endsWith('}') || text.includes('\n') || text.includes('\r')) return undefined
  let body = text.slice(0, -1)
  if (position !== undefined) {
    const geolocation = document['geolocation']
    if (geolocationAt < 0 || !isJsonObject(geolocation)) return undefined
    if (Object.hasOwn(geolocation, 'location')) return undefined
    const inside = geolocationAt + 1
    const location = `"location":[${position.longitude},${position.latitude}],`
    body = body.slice(0, inside) + location + body.slice(inside)
  }
  for (const key in members) {
    if (Object.hasOwn(document, key)) return undefined
    body += `,${JSON.stringify(key)}:${JSON.stringify(members[key])}`
  }
  return `${body}}`
}

function write({ document }: CardataMessage, { position, members }: CardataAdditions): string {
  const geolocation = document['geolocation']
  const located =
    position === undefined || !isJsonObject(geolocation)
      ? {}
      : { geolocation: { ...geolocation, location: [position.longitude, position.latitude] } }
  return JSON.stringify({ ...document, ...located, ...members })
}
