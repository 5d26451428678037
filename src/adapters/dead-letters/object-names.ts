import { randomBytes } from 'node:crypto'

/** Before the keys of all dead letters. */
export const ERRORS_PREFIX = 'errors/'

const NAME = /^errors\/\d{4}\/\d{2}\/\d{2}\/\d{8}T\d{9}Z-([0-9a-f]+)-[\w.]*-[0-9a-f]+-\d+\.ndjson$/

/** `errors/2026/11/21/`: the day on which a letter is kept, in UTC. */
export function dayPrefix(at: number): string {
  return `${ERRORS_PREFIX}${new Date(at).toISOString().slice(0, 10).replaceAll('-', '/')}/`
}

/** Which database's letters are in this object; undefined for what isn't one of ours. */
export function storeOf(key: string): string | undefined {
  return NAME.exec(key)?.[1]
}

/**
 * Names an object `errors/2026/11/21/20261121T130501123Z-{store}-{instance}-{run}-{n}.ndjson`:
 * no two processes and no two databases ever write the same one, and names sort by time.
 */
export function createObjectNames(store: string, instance: string) {
  const place = instance.replaceAll(/[^\w.]/g, '_').slice(0, 100)
  const run = randomBytes(4).toString('hex')
  let count = 0
  return (at: number): string => {
    const time = new Date(at).toISOString().replaceAll(/[-:.]/g, '')
    count += 1
    return `${dayPrefix(at)}${time}-${store}-${place}-${run}-${count}.ndjson`
  }
}
