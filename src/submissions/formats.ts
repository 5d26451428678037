// Formats that a general validator reads otherwise than the fleet writes them: times without a zone are
// the rule here, and `urn:uuid:…` or `192.168.00.1` are not.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):?(\d\d))?$/

/** Of any version, in either case. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

/** Four decimal numbers without leading zeros. */
export function isIpv4(value: unknown): value is string {
  return typeof value === 'string' && IPV4.test(value)
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535
}

/** ISO 8601 to the second or finer, with a zone or without: a device's local time. */
export function isTime(value: unknown): value is string {
  const parts = typeof value === 'string' ? TIME.exec(value) : null
  if (parts === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ...zone] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  const [zoneHour = 0, zoneMinute = 0] = zone
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return false
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
