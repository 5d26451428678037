// Records of any shape → rows of one shape. The columns are given, so that every file has the same ones;
// what has no column of its own is in the last one, `rest`, as JSON: nothing is dropped in silence.

export const SEPARATOR = ';'
export const REST_COLUMN = 'rest'
/** Deeper objects stay JSON. */
const DEPTH_MAX = 8

/** @returns the row with its line end; nested members are called `a.b` */
export function csvRow(
  document: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): string {
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

export function csvHeader(columns: readonly string[]): string {
  return `${[...columns, REST_COLUMN].map(cell).join(SEPARATOR)}\n`
}

function flatten(
  document: Readonly<Record<string, unknown>>,
  prefix: string,
  depth: number,
  flat: Map<string, unknown>,
): void {
  for (const [key, value] of Object.entries(document)) {
    const isDeeper = typeof value === 'object' && value !== null && !Array.isArray(value)
    const name = prefix + key
    if (isDeeper && depth < DEPTH_MAX && Object.keys(value).length > 0) {
      flatten(value as Readonly<Record<string, unknown>>, `${name}.`, depth + 1, flat)
    } else flat.set(name, value)
  }
}

/** RFC 4180 with `;`: quoted where it must be. Missing and null are both empty. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[;"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
