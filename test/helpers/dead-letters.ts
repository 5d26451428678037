import { join } from 'node:path'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createStoredDeadLetters } from '../../src/adapters/dead-letters/stored.ts'
import { createFolderObjectStore } from '../../src/adapters/object-store/folder.ts'

interface Options {
  readonly sizeMaxBytes?: number
  readonly now?: () => number
}

/** Dead letters on an embedded database and a folder of objects; `close` closes all three. */
export async function openDeadLetters(dataDir: string, options: Options = {}) {
  const { sizeMaxBytes = 100_000_000, now = Date.now } = options
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir })
  const objectStore = createFolderObjectStore({ folder: join(dataDir, 'objects') })
  /** Another instance on the same stores, not open yet. */
  const make = (instance: string) =>
    createStoredDeadLetters({ database, objectStore, sizeMaxBytes, instance, now })
  const deadLetters = make('a')
  await Promise.all([database.open(), objectStore.open()])
  await deadLetters.open()
  const close = async (): Promise<void> => {
    await deadLetters.close()
    await Promise.all([database.close(), objectStore.close()])
  }
  return { database, objectStore, deadLetters, make, close }
}
