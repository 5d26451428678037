import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { EmbeddedObjectStoreConfig } from '../../config/adapters.ts'
import { errorMessage, FleetgridError } from '../../domain/errors.ts'
import {
  OBJECTS_PER_CALL_MAX,
  type ObjectPage,
  type ObjectStore,
  type StoredObject,
} from '../../ports/object-store.ts'
import { INCOMING_FOLDER, listKeys } from './folder-listing.ts'
import { checkKey, checkKeys } from './object-key.ts'

const PROBE_KEY = 'check/probe'
const KNOWN_FOLDERS_MAX = 1000

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk: free some',
  EDQUOT: 'the disk quota is used up: free some or raise it',
  EACCES: 'this process may not write there: change the owner or the permissions of the folder',
  EPERM: 'this process may not write there: change the owner or the permissions of the folder',
  EROFS: 'the file system is mounted read-only: mount it writable or set DATA_DIR elsewhere',
  EIO: 'the disk reports an error: look at the system log',
  EMFILE: 'too many files are open: raise the limit of open files (ulimit -n)',
  EEXIST: 'it is no folder: remove the file or set DATA_DIR elsewhere',
  ENOTDIR: 'a part of the path is no folder: remove the file or set DATA_DIR elsewhere',
  ENFILE: 'too many files are open: raise the limit of open files (ulimit -n)',
}

/** A file stands where a folder should be, or the other way round. */
const PLACE_TAKEN = new Set(['ENOTDIR', 'EISDIR', 'EEXIST'])

/** Objects as files below one folder. One process at a time may use it. */
export function createFolderObjectStore(
  config: Pick<EmbeddedObjectStoreConfig, 'folder'>,
): ObjectStore {
  return new FolderObjectStore(resolve(config.folder))
}

class FolderObjectStore implements ObjectStore {
  readonly #folder: string
  /** Folders whose own entry is durable, or is about to be. */
  readonly #folders = new Map<string, Promise<void>>()
  #isOpen = false

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    await this.#attempt('open', async () => {
      const incoming = join(this.#folder, INCOMING_FOLDER)
      // What a crash left half-written was never acknowledged.
      await rm(incoming, { recursive: true, force: true })
      this.#folders.clear()
      await this.#makeFolder(incoming)
    })
    this.#isOpen = true
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }

  async check(): Promise<void> {
    await this.put(PROBE_KEY, Buffer.from('Fleetgrid may write here.\n'))
    await this.remove([PROBE_KEY])
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    checkKey(key)
    this.#assertOpen()
    const file = join(this.#folder, key)
    await this.#attempt(`write ${key}`, async () => {
      try {
        await this.#write(file, body)
      } catch (error) {
        // Somebody tidied up folders that we know: they are made again.
        if (!isCode(error, 'ENOENT')) throw error
        await this.#makeFolder(join(this.#folder, INCOMING_FOLDER))
        await this.#write(file, body)
      }
    })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key)
    this.#assertOpen()
    return this.#attempt(`read ${key}`, () => orUndefined(readFile(join(this.#folder, key))))
  }

  async list(prefix: string, after = ''): Promise<ObjectPage> {
    this.#assertOpen()
    return this.#attempt(`list ${prefix}`, async () => {
      const keys: string[] = []
      for await (const key of listKeys(this.#folder, prefix, after)) {
        keys.push(key)
        if (keys.length > OBJECTS_PER_CALL_MAX) break
      }
      const shown = keys.slice(0, OBJECTS_PER_CALL_MAX)
      const objects = (await Promise.all(shown.map((key) => this.#describe(key)))).flat()
      return { objects, next: keys.length > shown.length ? shown.at(-1) : undefined }
    })
  }

  async remove(keys: readonly string[]): Promise<void> {
    checkKeys(keys)
    this.#assertOpen()
    await this.#attempt('remove objects', async () => {
      // A file that comes back after a power cut is harmless: it can be removed again.
      await Promise.all(keys.map((key) => orUndefined(rm(join(this.#folder, key)))))
    })
  }

  /** None if it was removed since it was listed. */
  async #describe(key: string): Promise<StoredObject[]> {
    const found = await orUndefined(stat(join(this.#folder, key)))
    if (found === undefined) return []
    return [{ key, sizeBytes: found.size, modifiedAt: Math.floor(found.mtimeMs) }]
  }

  /** Whole or not at all: under a name of its own, then durable, then renamed, then that durable. */
  async #write(file: string, body: Uint8Array): Promise<void> {
    const incoming = join(this.#folder, INCOMING_FOLDER, randomUUID())
    try {
      await withFile(incoming, 'wx', async (handle) => {
        await handle.writeFile(body)
        await handle.sync()
      })
      await this.#makeFolder(dirname(file))
      await rename(incoming, file)
      await syncFolder(dirname(file))
    } catch (error) {
      // What was known of folders may be wrong by now.
      this.#folders.clear()
      await rm(incoming, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Makes a folder durable. Writers of one folder wait for the one that makes it. */
  #makeFolder(folder: string): Promise<void> {
    const known = this.#folders.get(folder)
    if (known !== undefined) return known
    if (this.#folders.size >= KNOWN_FOLDERS_MAX) this.#folders.clear()
    const made = makeDurableFolder(this.#folder, folder)
    this.#folders.set(folder, made)
    made.catch(() => this.#folders.delete(folder))
    return made
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#translate(what, error)
    }
  }

  #translate(what: string, error: unknown): FleetgridError {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (this.#isOpen && PLACE_TAKEN.has(code)) {
      const problem = `Object store: can't ${what}: a key can't be a folder of other keys`
      return new FleetgridError('invalid', problem, { cause: error })
    }
    const advice = ADVICE[code] ?? errorMessage(error)
    const message = `Object store: can't ${what} in ${this.#folder}: ${advice}`
    return new FleetgridError('unavailable', message, { cause: error })
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new FleetgridError('unavailable', 'Object store: it is closed')
  }
}

async function makeDurableFolder(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Each new folder is an entry of the one above; a crash may have cut off an earlier attempt.
  for (let above = folder; above !== root; ) {
    above = dirname(above)
    await syncFolder(above)
  }
  await syncFolder(dirname(root))
}

/** What isn't there is undefined. */
async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR')) return undefined
    throw error
  }
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

async function syncFolder(folder: string): Promise<void> {
  await withFile(folder, 'r', (handle) => handle.sync())
}

async function withFile(
  path: string,
  flags: string,
  work: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags)
  try {
    await work(handle)
  } finally {
    await handle.close()
  }
}
