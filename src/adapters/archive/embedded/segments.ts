import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveRecord } from '../../../ports/archive.ts'
import { frame } from './frames.ts'

/** A file of records that isn't an object yet. */
export interface Segment {
  readonly path: string
  /** Of its oldest record: epoch milliseconds. */
  readonly at: number
  readonly id: string
  bytes: number
}

const NAME = /^(\d{13})-([0-9a-f-]{36})\.segment$/

/** The segment that is being written. What `append` has resolved is on the disk. */
export class OpenSegment {
  readonly segment: Segment
  readonly openedAt = performance.now()
  readonly #file: FileHandle

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment
    this.#file = file
  }

  /** @throws Error if the file can't be made, or its name can't be made durable: then it is gone again */
  static async create(folder: string, at: number, sync = syncFolder): Promise<OpenSegment> {
    const id = randomUUID()
    const path = join(folder, `${String(at).padStart(13, '0')}-${id}.segment`)
    const file = await open(path, 'ax', 0o600)
    try {
      await sync(folder)
    } catch (error) {
      await file.close().catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
      throw error
    }
    return new OpenSegment({ path, at, id, bytes: 0 }, file)
  }

  /** @throws Error: part of it may be in the file, so nothing more may be appended */
  async append(records: readonly ArchiveRecord[]): Promise<void> {
    const frames = records.map(({ data }) => frame(data))
    const size = frames.reduce((sum, { length }) => sum + length, 0)
    const { bytesWritten } = await this.#file.writev(frames)
    if (bytesWritten !== size) throw new Error(`${bytesWritten} of ${size} bytes were written`)
    await this.#file.datasync()
    this.segment.bytes += size
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** Those that an earlier process has left, oldest first. */
export async function listSegments(folder: string): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    const [, at, id] = NAME.exec(name) ?? []
    if (at === undefined || id === undefined) continue
    const path = join(folder, name)
    segments.push({ path, at: Number(at), id, bytes: (await stat(path)).size })
  }
  return segments
}

export function readSegment({ path }: Segment): Promise<Buffer> {
  return readFile(path)
}

export function removeSegment({ path }: Segment): Promise<void> {
  return rm(path, { force: true })
}

/** Out of the way, for a person to look at. @returns where it is now */
export async function keepDamaged({ path }: Segment): Promise<string> {
  const kept = `${path}.damaged`
  await rename(path, kept)
  return kept
}

/** The name of a new file is as durable as its bytes. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
