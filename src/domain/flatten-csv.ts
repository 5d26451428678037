import { isJsonObject, type JsonObject } from './json.ts'
import { type RecordFault, readJsonLines } from './json-lines.ts'
import { opaquePayload, toldBy } from './message-line.ts'

// Records of any shape → rows of one shape. The columns are given, so that every file has the same ones;
// what has no column of its own is in the last one, `rest`, as JSON: nothing is dropped in silence. A cell
// is what the record has, also if a spreadsheet would take it for a formula: -5 stays -5 (ADR 0015).

export const SEPARATOR = ';'
export const REST_COLUMN = 'rest'
/** Deeper objects stay JSON. */
const DEPTH_MAX = 8

const OPAQUE: RecordFault = { code: 'NotAJsonObject', message: 'the message is not a JSON object' }
const TOO_DEEP: RecordFault = { code: 'NestedTooDeeply', message: 'it is nested too deeply' }

/** Each has a name of its own, and none that of the last one. */
export function areColumns(names: readonly string[]): boolean {
  const isNamed = names.every((name) => name !== '' && name !== REST_COLUMN)
  return isNamed && new Set(names).size === names.length
}

export function csvHeader(columns: readonly string[]): string {
  return `${[...columns, REST_COLUMN].map(cell).join(SEPARATOR)}\n`
}

/** @returns a row for each line of a record, or why it has none */
export function csvRows(record: Uint8Array, columns: readonly string[]): string | RecordFault {
  const lines = readJsonLines(record)
  if ('code' in lines) return lines
  if (lines.some(({ document }) => opaquePayload(document) !== undefined)) return OPAQUE
  try {
    return lines.map(({ document }) => csvRow(toldBy(document), columns)).join('')
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP
    throw error
  }
}

/**
 * @returns the row with its line end; nested members are called `a.b`
 * @throws RangeError for what is nested too deeply to be written
 */
export function csvRow(document: Readonly<JsonObject>, columns: readonly string[]): string {
  const flat = new Map<string, unknown>()
  flatten(document, '', 1, flat)
  const cells = columns.map((column) => {
    const value = flat.get(column)
    flat.delete(column)
    return cell(value)
  })
  const rest = flat.size === 0 ? '' : cell(Object.fromEntries(flat))
  return `${[...cells, rest].join(SEPARATOR)}\n`
}

function flatten(
  document: Readonly<JsonObject>,
  prefix: string,
  depth: number,
  flat: Map<string, unknown>,
): void {
  for (const [key, value] of Object.entries(document)) {
    const name = prefix + key
    if (isJsonObject(value) && depth < DEPTH_MAX && Object.keys(value).length > 0) {
      flatten(value, `${name}.`, depth + 1, flat)
    } else flat.set(unusedName(name, flat), value)
  }
}

/** `{"a.b":1,"a":{"b":2}}` has two of one name: the second is called `a.b#2`. */
function unusedName(name: string, flat: ReadonlyMap<string, unknown>): string {
  let unused = name
  for (let number = 2; flat.has(unused); number += 1) unused = `${name}#${number}`
  return unused
}

/** RFC 4180 with `;`: quoted where it must be. Missing and null are both empty. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[;"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
