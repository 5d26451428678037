import { isIpv4, isPort } from './formats.ts'
import type { EventType } from './submission.ts'

interface Field {
  readonly isValid: (value: unknown) => boolean
  /** What it must be, for people. */
  readonly wanted: string
}

const TEXT: Field = { isValid: (value) => typeof value === 'string', wanted: 'a string' }
const IPV4: Field = { isValid: isIpv4, wanted: 'an IPv4 address such as 192.168.0.1' }
const PORT: Field = { isValid: isPort, wanted: 'an integer from 0 to 65535' }

/** What an event must have; what else it has goes along. */
const SHAPES: Record<EventType, Readonly<Record<string, Field>>> = {
  new_process: { cmdl: TEXT, user: TEXT },
  network_connection: { source_ip: IPV4, destination_ip: IPV4, destination_port: PORT },
}

const FIELDS = Object.fromEntries(
  Object.entries(SHAPES).map(([type, fields]) => [type, Object.entries(fields)]),
) as unknown as Record<EventType, readonly (readonly [string, Field])[]>

/** Of what an event has beside its fields: what is read from JSON may be too deep to be written as it. */
const DEPTH_MAX = 32

/** What is wrong with an event; undefined: nothing. */
export function findFault(type: EventType, event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return 'is not an object'
  }
  for (const [name, { isValid, wanted }] of FIELDS[type]) {
    if (!Object.hasOwn(event, name)) return `has no ${name}`
    if (!isValid((event as Record<string, unknown>)[name]))
      return `has a ${name} that is not ${wanted}`
  }
  const hasOthers = Object.keys(event).length > FIELDS[type].length
  return hasOthers && isDeeper(event, DEPTH_MAX) ? `is nested deeper than ${DEPTH_MAX}` : undefined
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}
