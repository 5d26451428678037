import { setImmediate as nextTurn } from 'node:timers/promises'
import { redactFrame } from './redact-frame.ts'

export type WireDirection = 'in' | 'out'

export interface WireFrame {
  /** Epoch milliseconds. */
  readonly at: number
  /** in: from the charge point. */
  readonly direction: WireDirection
  /** Redacted. */
  readonly text: string
}

type Listener = (frame: WireFrame) => void

/** Records one after the other: size u32, time f64, direction u8, length of the id u8, id, text. */
interface Page {
  readonly bytes: Buffer
  length: number
}

const TIME_AT = 4
const DIRECTION_AT = 12
const ID_LENGTH_AT = 13
const ID_AT = 14
/** UTF-8 has at most three bytes for a unit of a JavaScript string. */
const BYTES_PER_CHARACTER = 3
/** Longer ones are cut. */
const TEXT_LENGTH_MAX = 16_384
/** Redacting holds the main thread for no longer than this at a time: all of it can take half a second. */
const TURN_MS = 5
/** One record of the largest kind must fit into a page. */
const PAGE_MIN_BYTES = 65_536

/**
 * The last frames on the wire, of all charge points in one store of bytes: it costs a charge point
 * nothing, and there is no garbage to collect. Two pages: when one is full the other is begun anew, so
 * at least half of the budget is history. Reading goes through all of it, which is for people.
 */
export class WireLog {
  readonly #listeners = new Map<string, Set<Listener>>()
  #current: Page
  #previous: Page

  constructor(sizeMaxBytes: number) {
    const size = Math.max(PAGE_MIN_BYTES, Math.floor(sizeMaxBytes / 2))
    // Not resident before it is used.
    this.#current = { bytes: Buffer.allocUnsafeSlow(size), length: 0 }
    this.#previous = { bytes: Buffer.allocUnsafeSlow(size), length: 0 }
  }

  record(id: string, direction: WireDirection, text: string, at: number): void {
    const kept = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text
    this.#write(id, direction, kept, at)
    const listeners = this.#listeners.size === 0 ? undefined : this.#listeners.get(id)
    if (listeners === undefined) return
    const frame = { at, direction, text: redactFrame(kept) }
    for (const listener of listeners) listener(frame)
  }

  /** The last ones of a charge point, oldest first. */
  async read(id: string, limit: number): Promise<WireFrame[]> {
    const records = [...recordsOf(this.#previous, id), ...recordsOf(this.#current, id)]
    // Copies: their pages go on being written.
    return redactInTurns(records.slice(-limit).map((record) => Buffer.from(record)))
  }

  /** @returns how to stop listening */
  listen(id: string, listener: Listener): () => void {
    const those = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, those.add(listener))
    return () => {
      those.delete(listener)
      if (those.size === 0 && this.#listeners.get(id) === those) this.#listeners.delete(id)
    }
  }

  #write(id: string, direction: WireDirection, text: string, at: number): void {
    this.#makeRoom(ID_AT + (id.length + text.length) * BYTES_PER_CHARACTER)
    const { bytes, length: start } = this.#current
    const idLength = bytes.write(id, start + ID_AT)
    const size = ID_AT + idLength + bytes.write(text, start + ID_AT + idLength)
    bytes.writeUInt32LE(size, start)
    bytes.writeDoubleLE(at, start + TIME_AT)
    bytes.writeUInt8(direction === 'in' ? 0 : 1, start + DIRECTION_AT)
    bytes.writeUInt8(idLength, start + ID_LENGTH_AT)
    this.#current.length = start + size
  }

  #makeRoom(bytes: number): void {
    if (this.#current.length + bytes <= this.#current.bytes.length) return
    const oldest = this.#previous
    oldest.length = 0
    this.#previous = this.#current
    this.#current = oldest
  }
}

function recordsOf({ bytes, length }: Page, id: string): Buffer[] {
  const wanted = Buffer.from(id)
  const records: Buffer[] = []
  for (let start = 0; start < length; start += bytes.readUInt32LE(start)) {
    if (bytes.readUInt8(start + ID_LENGTH_AT) !== wanted.length) continue
    const idEnd = start + ID_AT + wanted.length
    if (bytes.compare(wanted, 0, wanted.length, start + ID_AT, idEnd) !== 0) continue
    records.push(bytes.subarray(start, start + bytes.readUInt32LE(start)))
  }
  return records
}

async function redactInTurns(records: readonly Buffer[]): Promise<WireFrame[]> {
  const frames: WireFrame[] = []
  let turnEndsAt = performance.now() + TURN_MS
  for (const record of records) {
    frames.push(readFrame(record))
    if (performance.now() < turnEndsAt) continue
    await nextTurn()
    turnEndsAt = performance.now() + TURN_MS
  }
  return frames
}

function readFrame(record: Buffer): WireFrame {
  return {
    at: record.readDoubleLE(TIME_AT),
    direction: record.readUInt8(DIRECTION_AT) === 0 ? 'in' : 'out',
    text: redactFrame(record.toString('utf8', ID_AT + record.readUInt8(ID_LENGTH_AT))),
  }
}
