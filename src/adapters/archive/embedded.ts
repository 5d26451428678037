import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { EmbeddedArchiveConfig } from '../../config/adapters.ts'
import { archiveObjectKey } from '../../domain/archive-object.ts'
import { type CsvObjects, csvObjects } from '../../domain/csv-objects.ts'
import { errorMessage, FleetgridError } from '../../domain/errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { pause } from '../../lib/pause.ts'
import type { Archive, ArchiveRecord } from '../../ports/archive.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { readFrames } from './embedded/frames.ts'
import {
  keepDamaged,
  listSegments,
  OpenSegment,
  readSegment,
  removeSegment,
  type Segment,
} from './embedded/segments.ts'

// What passes through here: records → a segment file, synced before anybody is answered → when it is
// full or old enough, one compressed object, and one of CSV beside it, if that is wanted → the segment is
// removed. After a crash the segments that are left are delivered under the names that they would have had.

const RETRY = { baseMs: 200, maxMs: 30_000 }
const LOOK_MS = 250
const CONTENT_TYPE = 'application/gzip'
const compress = promisify(gzip)

export interface EmbeddedArchiveOptions {
  /** Opened before, and closed after, by whoever made it. */
  readonly objectStore: Pick<ObjectStore, 'put'>
  readonly onDelivered: (object: { readonly key: string; readonly bytes: number }) => void
  readonly onFailed: (reason: string, attempt: number) => void
  /** Up to its damage it is delivered; all of it is kept in the file `path`. */
  readonly onDamaged: (segment: { readonly path: string; readonly records: number }) => void
  readonly onCsv: (made: CsvObjects) => void
}

export function createEmbeddedArchive(
  config: EmbeddedArchiveConfig,
  options: EmbeddedArchiveOptions,
): Archive {
  return new EmbeddedArchive(config, options)
}

class EmbeddedArchive implements Archive {
  readonly #config: EmbeddedArchiveConfig
  readonly #options: EmbeddedArchiveOptions
  #open: OpenSegment | undefined
  /** Appends and rolls, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting: Segment[] = []
  /** Of those that can't be read, too: the disk has them still. */
  #waitingBytes = 0
  /** By path: looked at again when the next one waits. */
  readonly #unreadable = new Map<string, { readonly segment: Segment; readonly reason: string }>()
  #delivering: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #writeProblem: string | undefined
  #deliveryProblem: string | undefined
  readonly #stopping = new AbortController()

  constructor(config: EmbeddedArchiveConfig, options: EmbeddedArchiveOptions) {
    this.#config = config
    this.#options = options
  }

  async open(): Promise<void> {
    const { folder } = this.#config
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const segment of await listSegments(folder)) this.#await(segment)
    } catch (error) {
      throw new FleetgridError('unavailable', adviseOn(error, folder), { cause: error })
    }
    this.#timer = setInterval(() => this.#rollIfOld(), LOOK_MS).unref()
    this.#deliver()
  }

  async append(records: readonly ArchiveRecord[]): Promise<WriteReport> {
    if (records.length === 0) return { accepted: 0, duplicates: [], rejected: [], retry: [] }
    const { sizeMaxBytes, folder } = this.#config
    if (this.#waitingBytes > sizeMaxBytes) {
      return this.#refuse(
        records,
        `${sizeMaxBytes} bytes wait for the object store: mend it, or raise ARCHIVE_SIZE_MAX_MB (${this.#deliveryProblem ?? 'it is slow'})`,
      )
    }
    try {
      await this.#inTurn(() => this.#store(records))
      this.#writeProblem = undefined
      return { accepted: records.length, duplicates: [], rejected: [], retry: [] }
    } catch (error) {
      return this.#refuse(records, adviseOn(error, folder))
    }
  }

  async flush(): Promise<void> {
    await this.#inTurn(() => this.#roll())
    while (this.#delivering !== undefined) await this.#delivering
  }

  problems(): readonly string[] {
    const unreadable = [...this.#unreadable.values()].map(({ reason }) => reason)
    const lasting = [this.#writeProblem, this.#deliveryProblem, summary(unreadable)]
    return lasting.filter((problem) => problem !== undefined)
  }

  /** What isn't delivered yet stays on the disk for the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    await this.#inTurn(async () => {
      await this.#open?.close()
      this.#open = undefined
    })
    await this.#delivering
  }

  #refuse(records: readonly ArchiveRecord[], retryReason: string): WriteReport {
    this.#writeProblem = retryReason
    const retry = [...records.keys()]
    return { accepted: 0, duplicates: [], rejected: [], retry, retryReason }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #store(records: readonly ArchiveRecord[]): Promise<void> {
    const { folder, bufferBytes } = this.#config
    if (this.#stopping.signal.aborted) throw new Error('it is closed')
    const at = records.reduce((min, { arrivedAt }) => Math.min(min, arrivedAt), Infinity)
    this.#open ??= await OpenSegment.create(folder, at)
    try {
      await this.#open.append(records)
    } catch (error) {
      // Nothing may follow what is perhaps half a record.
      await this.#roll().catch(() => undefined)
      throw error
    }
    if (this.#open.segment.bytes >= bufferBytes) await this.#roll()
  }

  #rollIfOld(): void {
    const { bufferMs } = this.#config
    const isOld = (): boolean =>
      this.#open !== undefined && performance.now() - this.#open.openedAt >= bufferMs
    if (!isOld()) return
    this.#inTurn(async () => {
      if (isOld()) await this.#roll()
    }).catch((error) => {
      this.#writeProblem = adviseOn(error, this.#config.folder)
    })
  }

  async #roll(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    this.#await(open.segment)
    this.#awaitUnreadable()
    this.#deliver()
    await open.close()
  }

  #await(segment: Segment): void {
    this.#waiting.push(segment)
    this.#waitingBytes += segment.bytes
  }

  /** The disk may be well again. */
  #awaitUnreadable(): void {
    for (const { segment } of this.#unreadable.values()) {
      if (!this.#waiting.includes(segment)) this.#waiting.push(segment)
    }
  }

  #deliver(): void {
    this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = undefined
    })
  }

  /** One after the other, the oldest first; each until it is there. */
  async #deliverAll(): Promise<void> {
    const { signal } = this.#stopping
    let attempt = 0
    while (this.#waiting.length > 0 && !signal.aborted) {
      const segment = this.#waiting[0] as Segment
      try {
        const bytes = await this.#read(segment)
        if (bytes !== undefined) {
          await this.#deliverOne(segment, bytes)
          this.#waitingBytes -= segment.bytes
        }
        this.#waiting.shift()
        this.#deliveryProblem = undefined
        attempt = 0
      } catch (error) {
        attempt += 1
        this.#deliveryProblem = `The archive can't be delivered: ${errorMessage(error)}`
        this.#options.onFailed(this.#deliveryProblem, attempt)
        await pause(backoffMs(attempt, RETRY), signal)
      }
    }
  }

  /** Undefined: it can't be read, which is no reason for those behind it to wait. */
  async #read(segment: Segment): Promise<Buffer | undefined> {
    const { path } = segment
    try {
      const bytes = await readSegment(segment)
      this.#unreadable.delete(path)
      return bytes
    } catch (error) {
      const reason = `The archive can't read ${path}: ${errorMessage(error)}`
      const isNew = !this.#unreadable.has(path)
      this.#unreadable.set(path, { segment, reason })
      if (isNew) this.#options.onFailed(reason, 1)
      return undefined
    }
  }

  async #deliverOne(segment: Segment, bytes: Buffer): Promise<void> {
    const { prefix, extension } = this.#config
    const { records, damagedAt } = readFrames(bytes)
    if (records.length > 0) {
      const key = archiveObjectKey({ ...nameOf(segment), prefix, extension })
      await this.#put(key, await compress(Buffer.concat(records)))
      await this.#deliverCsv(segment, records)
    }
    if (damagedAt === undefined) await removeSegment(segment)
    else this.#options.onDamaged({ path: await keepDamaged(segment), records: records.length })
  }

  /** What was put before a crash, or before one of these failed, is put again under the same name. */
  async #deliverCsv(segment: Segment, records: readonly Buffer[]): Promise<void> {
    const { csv } = this.#config
    if (csv === undefined) return
    const made = await csvObjects(() => records, csv, nameOf(segment))
    for (const { key, body } of made.objects) await this.#put(key, body)
    this.#options.onCsv(made)
  }

  async #put(key: string, body: Buffer): Promise<void> {
    await this.#options.objectStore.put(key, body, CONTENT_TYPE)
    this.#options.onDelivered({ key, bytes: body.length })
  }
}

function summary([first, ...more]: readonly string[]): string | undefined {
  return more.length === 0 ? first : `${first}, and ${more.length} more`
}

function nameOf({ at, id }: Segment) {
  return { source: 'fleetgrid', at, id }
}

function adviseOn(error: unknown, folder: string): string {
  return `The archive can't be written to ${folder}: ${errorMessage(error)}. Look at the disk of DATA_DIR: its space, its health and its permissions.`
}
