/** Columns of rows that go to the engine as JSON, in their order. */
export type ColumnKinds = Readonly<Record<string, 'text' | 'integer' | 'real' | 'json'>>

/** JSON without what PostgreSQL's text can't hold: NUL, halves of surrogate pairs. */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify writes \u for these and for control characters only.
  return text.includes('\\u') ? JSON.stringify(value, storable) : text
}

/** The same for text as it is. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? toStorableText(value) : value
}
