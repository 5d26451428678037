import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** A place of this folder's own: `~` is in no key. */
export const INCOMING_FOLDER = '~incoming'

/**
 * The keys below `folder` that begin with `prefix` and come after `after`, in the order of their
 * bytes. Reads one folder at a time, and none whose keys can't be among them.
 */
export async function* listKeys(folder: string, prefix: string, after: string) {
  yield* listBelow(folder, '', prefix, after)
}

async function* listBelow(
  root: string,
  path: string,
  prefix: string,
  after: string,
): AsyncGenerator<string, void, undefined> {
  for (const name of await readNames(join(root, path))) {
    const key = path + name
    if (name.endsWith('/')) {
      const mayMatch = key.startsWith(prefix) || prefix.startsWith(key)
      const mayFollow = key > after || after.startsWith(key)
      if (mayMatch && mayFollow) yield* listBelow(root, key, prefix, after)
    } else if (key.startsWith(prefix) && key > after) {
      yield key
    }
  }
}

/** Sorted as keys are: a folder counts with its slash, so that `a.b` comes before `a/b`. */
async function readNames(folder: string): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => entry.name !== INCOMING_FOLDER && (entry.isFile() || entry.isDirectory()))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
}
