import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { hourPrefix, timeOfArchiveObject } from '../domain/archive-object.ts'
import { errorMessage } from '../domain/errors.ts'
import { type ArchivedMessage, parseLine } from '../domain/message-line.ts'
import { backoffMs } from '../lib/backoff.ts'
import { pause } from '../lib/pause.ts'
import { readLines } from '../lib/read-lines.ts'
import type { ObjectStore, StoredObject } from '../ports/object-store.ts'
import type { FeedMessage } from '../ports/telemetry-feed.ts'

// What passes through here: objects of the archive, hour by hour → lines → messages → ingest, as if their
// devices sent them once more. What is stored already changes nothing.

export interface ReplayRange {
  /**
   * Epoch milliseconds; what came from `from` on, and before `to`. Of messages whose line doesn't say when
   * they came: all that are in objects that may hold such.
   */
  readonly from: number
  readonly to: number
}

export interface ReplayProgress {
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly objects: number
  readonly messages: number
  /** Messages of these objects that came at another time. */
  readonly outside: number
  /** Lines that are no message, and objects that can't be unpacked. */
  readonly unreadable: number
  /** The object that is, or was, being read: a replay that stopped goes on from its hour. */
  readonly object: string | undefined
  readonly reason: string | undefined
}

export interface ReplayOptions {
  readonly objectStore: Pick<ObjectStore, 'list' | 'get'>
  /** Before the hour in the names of its objects. */
  readonly objectPrefix: string
  /** For so long an object gathers records: it may hold what came so much later than its name says. */
  readonly objectMaxMs: number
  readonly deliver: (message: FeedMessage) => void
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly signal: AbortSignal
}

const HOUR_MS = 3_600_000
/** Messages on their way at the same time. */
const IN_FLIGHT_MAX = 500
/** Of a line, unpacked: more than the largest message becomes. */
const LINE_MAX_BYTES = 4_194_304
const RETRY = { baseMs: 200, maxMs: 10_000 }

type Mutable = { -readonly [Key in keyof ReplayProgress]: ReplayProgress[Key] }

export class Replay {
  readonly #options: ReplayOptions
  readonly #progress: Mutable = {
    ...{ state: 'running', objects: 0, messages: 0, outside: 0, unreadable: 0 },
    ...{ object: undefined, reason: undefined },
  }

  constructor(options: ReplayOptions) {
    this.#options = options
  }

  get progress(): ReplayProgress {
    return { ...this.#progress }
  }

  /** Never rejects: `progress` says how it ended. */
  async run(range: ReplayRange): Promise<void> {
    const { signal } = this.#options
    try {
      for await (const object of this.#objects(range)) await this.#replayObject(object, range)
      this.#progress.state = 'done'
      this.#progress.object = undefined
    } catch (error) {
      this.#progress.state = signal.aborted ? 'stopped' : 'failed'
      this.#progress.reason = signal.aborted ? 'this instance stopped' : errorMessage(error)
    }
  }

  async *#objects({ from, to }: ReplayRange): AsyncGenerator<StoredObject> {
    const { objectStore, objectPrefix, objectMaxMs, signal } = this.#options
    // Names tell the second.
    const first = from - objectMaxMs - 1000
    const firstHour = Math.floor(first / HOUR_MS) * HOUR_MS
    for (let hour = firstHour; hour < to; hour += HOUR_MS) {
      const folder = hourPrefix(objectPrefix, hour)
      let after: string | undefined
      do {
        signal.throwIfAborted()
        const page = await objectStore.list(folder, after)
        for (const object of page.objects) {
          const at = timeOfArchiveObject(object.key)
          // One with a name of somebody else's is as old as its hour says.
          const isMeant = at === undefined ? hour + HOUR_MS > from : at >= first && at < to
          if (isMeant) yield object
        }
        after = page.next
      } while (after !== undefined)
    }
  }

  async #replayObject(object: StoredObject, range: ReplayRange): Promise<void> {
    this.#progress.object = object.key
    const body = await this.#options.objectStore.get(object.key)
    if (body === undefined) return
    const latest = this.#latestOf(object)
    const sending = new Set<Promise<void>>()
    try {
      const unpacked = Readable.from([body]).pipe(createGunzip())
      for await (const line of readLines(unpacked, LINE_MAX_BYTES)) {
        this.#options.signal.throwIfAborted()
        const message = this.#messageOf(line, range)
        if (message !== undefined) {
          const sent = this.#send({ ...message, receivedAt: message.receivedAt ?? latest })
          sending.add(sent)
          void sent.finally(() => sending.delete(sent)).catch(() => undefined)
          if (sending.size >= IN_FLIGHT_MAX) await Promise.race(sending)
        }
      }
    } catch (error) {
      if (!isDamaged(error)) throw error
      this.#progress.unreadable += 1
    } finally {
      await Promise.all(sending)
    }
    this.#progress.objects += 1
  }

  /** Undefined: there is none to be sent. */
  #messageOf(line: string | undefined, { from, to }: ReplayRange): ArchivedMessage | undefined {
    const message = line === undefined ? undefined : parseLine(line)
    if (message === undefined) {
      this.#progress.unreadable += line?.trim() === '' ? 0 : 1
      return undefined
    }
    const receivedAt = this.#believable(message.receivedAt)
    const isOutside = receivedAt !== undefined && (receivedAt < from || receivedAt >= to)
    if (isOutside) this.#progress.outside += 1
    return isOutside ? undefined : { ...message, receivedAt }
  }

  /** A clock that was ahead, or not set, says nothing. */
  #believable(receivedAt = 0): number | undefined {
    return receivedAt > 0 && receivedAt <= this.#options.now() ? receivedAt : undefined
  }

  /** The latest time at which its messages can have come: it may have been written, or copied, much later. */
  #latestOf({ key, modifiedAt }: StoredObject): number {
    const at = timeOfArchiveObject(key)
    // The name tells the second only.
    return at === undefined
      ? modifiedAt
      : Math.min(modifiedAt, at + 999 + this.#options.objectMaxMs)
  }

  /** Until ingest has taken it. */
  async #send(message: Pick<FeedMessage, 'topic' | 'payload' | 'receivedAt'>): Promise<void> {
    const { deliver, signal } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      const isTaken = await new Promise<boolean>((resolve) => {
        deliver({
          ...message,
          acknowledge: () => resolve(true),
          refuse: () => resolve(false),
        })
      })
      if (isTaken) break
      await pause(backoffMs(attempt, RETRY), signal)
      signal.throwIfAborted()
    }
    this.#progress.messages += 1
  }
}

function isDamaged(error: unknown): boolean {
  return String((error as { code?: string } | null)?.code).startsWith('Z_')
}
