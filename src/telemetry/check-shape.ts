import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { printable, Unusable } from './decode-payload.ts'

// A decimal number and nothing else: no blanks, no leading zeros, no hexadecimal, no "Infinity".
const PLAIN_NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?$/

export interface Checked<T> {
  readonly value: T & JsonObject
  readonly repairs: number
}

/**
 * A checker for one message. What fits costs one pass; only what doesn't is looked at again, for
 * numbers that came as text at the given paths.
 */
export function createShapeCheck<const S extends TSchema>(
  schema: S,
  numberPaths: readonly string[],
): (document: JsonObject) => Checked<Static<S>> {
  const check = Compile(schema)
  const paths = numberPaths.map((path) => path.split('.'))
  const repair = (document: JsonObject): number =>
    paths.reduce((sum, path) => sum + repairNumber(document, path), 0)
  return (document) => {
    if (check.Check(document)) return { value: document as Static<S> & JsonObject, repairs: 0 }
    const repairs = repair(document)
    if (repairs > 0 && check.Check(document)) {
      return { value: document as Static<S> & JsonObject, repairs }
    }
    const [problem] = check.Errors(document)
    const field = problem?.instancePath.slice(1).replaceAll('/', '.')
    throw new Unusable(`${describeField(field)}${problem?.message ?? 'has the wrong shape'}`)
  }
}

function describeField(field: string | undefined): string {
  return field === undefined || field === '' ? 'the message ' : `${printable(field)} `
}

/** Turns the text at a path into its number where that is safe; returns how many it turned. */
export function repairNumber(document: JsonObject, path: readonly string[]): number {
  let parent = document
  const last = path.length - 1
  for (let depth = 0; depth < last; depth += 1) {
    const child = parent[path[depth] ?? '']
    if (!isJsonObject(child)) return 0
    parent = child
  }
  const key = path[last] ?? ''
  const text = parent[key]
  if (typeof text !== 'string' || !PLAIN_NUMBER.test(text)) return 0
  parent[key] = Number(text)
  return 1
}
