/** What arguments of all simulators have in common. */

/**
 * A number from `lowest` to `highest`, both inclusive; undefined if it wasn't given.
 * @throws Error that names the option and says what it may be
 */
export function readNumber(
  name: string,
  text: string | undefined,
  lowest: number,
  highest: number,
  whole = false,
): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!(value >= lowest && value <= highest) || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'a whole number' : 'a number'
    throw new Error(`--${name} must be ${kind} from ${lowest} to ${highest}, not "${text}"`)
  }
  return value
}

/** One sentence without its full stop: of node's explanation the first is the useful one. */
export function describeWrong(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const [first = message] = message.split(/\n|\. /)
  return first.replace(/\.$/, '').replace('argument is ambiguous', 'argument missing')
}
