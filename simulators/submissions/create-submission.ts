/** Everything that chance decides; the same sequence makes the same submissions. */
export interface Chance {
  /** From 0 inclusive to 1 exclusive. */
  next(): number
}

export interface SubmissionShape {
  readonly deviceId: string
  /** Of each list at most so many events. */
  readonly eventsMax: number
  /** How likely each value is a wrong one: an id, a command line, an address. */
  readonly faultRate: number
  readonly createdAt: Date
}

const COMMANDS = ['whoami', 'notepad.exe', 'calculator.exe']
const USERS = ['admin', 'evil-guy', 'john']
const SOURCES = ['192.168.0.1', '192.168.0.2']
const DESTINATIONS = ['142.250.74.110', '23.13.252.39']

/**
 * A submission as the sensors of the original's assignment write it (sensor-fleet/main.py), with the
 * values and the faults that they have: a time without a zone, ports from 0 to 65535, empty lists.
 */
export function createSubmission(chance: Chance, shape: SubmissionShape): object {
  const { deviceId, eventsMax, faultRate, createdAt } = shape
  const integer = (max: number) => Math.floor(chance.next() * (max + 1))
  const pick = <T>(list: readonly T[]): T => list[integer(list.length - 1)] as T
  const perhaps = <T>(value: T, wrong: T | null): T | null =>
    chance.next() < faultRate ? wrong : value
  const list = <T>(make: () => T): T[] => Array.from({ length: integer(eventsMax) }, make)
  return {
    submission_id: perhaps(createUuid(chance), 'not-an-uuid'),
    device_id: perhaps(deviceId, 'not-an-uuid'),
    time_created: createdAt.toISOString().replace('Z', '000'),
    events: {
      new_process: list(() => ({ cmdl: perhaps(pick(COMMANDS), null), user: pick(USERS) })),
      network_connection: list(() => ({
        source_ip: pick(SOURCES),
        destination_ip: perhaps(pick(DESTINATIONS), 'not-an-ip'),
        destination_port: integer(65_535),
      })),
    },
  }
}

/** Version 4, of this chance. */
export function createUuid(chance: Chance): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(chance.next() * 256))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const digits = Buffer.from(bytes).toString('hex')
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
  ]
  return [...parts, digits.slice(20)].join('-')
}
