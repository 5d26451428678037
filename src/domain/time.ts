// ISO 8601 date or date-time as OpenSearch's date_optional_time reads it; without a zone it is UTC.
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i

/** As nearly all senders write it: nothing has to be taken apart. */
const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** Epoch milliseconds, or undefined if the text is no point in time from 1970 on. */
export function parseTimestamp(text: string): number | undefined {
  const usual = USUAL.test(text) ? text : usualOf(text)
  const at = usual === undefined ? Number.NaN : Date.parse(usual)
  return Number.isNaN(at) || at < 0 ? undefined : at
}

function usualOf(text: string): string | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, date, time, zone = 'Z'] = match
  return time === undefined ? `${date}T00:00:00Z` : `${date}T${time.replace(',', '.')}${zone}`
}
