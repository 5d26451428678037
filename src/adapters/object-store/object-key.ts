import { FleetgridError } from '../../domain/errors.ts'
import { OBJECTS_PER_CALL_MAX } from '../../ports/object-store.ts'

/** S3's limit, and its "safe characters" without the slash: they are file names everywhere too. */
const KEY_LENGTH_MAX = 1024
const PART = /^[\w!.*'()=-]+$/
/** What a file name may have on every usual file system. */
const PART_LENGTH_MAX = 255

/** @throws FleetgridError `invalid` that says what is wrong with the key */
export function checkKey(key: string): void {
  const problem = findProblem(key)
  if (problem !== undefined) {
    const shown = JSON.stringify(key.slice(0, 100))
    throw new FleetgridError('invalid', `${shown} is no key of an object: ${problem}`)
  }
}

/** @throws FleetgridError `invalid` for a key that is none, or for too many */
export function checkKeys(keys: readonly string[]): void {
  if (keys.length > OBJECTS_PER_CALL_MAX) {
    const problem = `${keys.length} objects in one call, at most ${OBJECTS_PER_CALL_MAX} can be`
    throw new FleetgridError('invalid', problem)
  }
  for (const key of keys) checkKey(key)
}

function findProblem(key: string): string | undefined {
  if (key.length > KEY_LENGTH_MAX) return `it is longer than ${KEY_LENGTH_MAX} bytes`
  for (const part of key.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'a part is empty, . or ..'
    if (!PART.test(part)) return "only letters, digits and !_.*'()-=/ may be in it"
    if (part.length > PART_LENGTH_MAX) return `a part is longer than ${PART_LENGTH_MAX} bytes`
  }
  return undefined
}
