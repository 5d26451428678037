import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { cardataPayload } from './cardata.ts'

export type Deliver = (message: FeedMessage) => void

/** What one read of a socket gives. */
const READ_BYTES = 65_536

/** One read of a socket and where its messages end. */
interface Read {
  readonly bytes: Buffer
  readonly ends: readonly number[]
  readonly topics: readonly string[]
}

/** Cardata as a feed would hand it over that costs nothing: views of what a socket has read. */
export class ViewFeed {
  readonly #vehicles: number
  readonly #outstandingMax: number
  readonly #topics: readonly string[]
  #sequence = 0

  constructor(vehicles: number, outstandingMax: number) {
    this.#vehicles = vehicles
    this.#outstandingMax = outstandingMax
    this.#topics = Array.from({ length: vehicles }, (_, index) => `dt/cvra/ecu-${index}/cardata`)
  }

  makeReads(count: number): Read[] {
    const reads: Read[] = []
    let parts: Buffer[] = []
    let ends: number[] = []
    let size = 0
    for (let index = 0; index < count; index += 1) {
      const payload = cardataPayload(this.#sequence % this.#vehicles, Date.now(), this.#sequence)
      parts.push(payload)
      size += payload.length
      ends.push(size)
      this.#sequence += 1
      if (size < READ_BYTES && index < count - 1) continue
      const first = this.#sequence - ends.length
      const names = ends.map((_, at) => this.#topics[(first + at) % this.#vehicles] ?? '')
      reads.push({ bytes: Buffer.concat(parts), ends, topics: names })
      parts = []
      ends = []
      size = 0
    }
    return reads
  }

  /** One read a turn of the event loop, as long as not too many are out. Resolves when none is. */
  async feed(reads: readonly Read[], deliver: Deliver): Promise<void> {
    let out = 0
    let wake: (() => void) | undefined
    const acknowledge = (): void => {
      out -= 1
      wake?.()
    }
    const refuse = (reason: string): void => {
      throw new Error(`a message was refused: ${reason}`)
    }
    const atMost = async (count: number): Promise<void> => {
      while (out > count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      wake = undefined
    }
    for (const read of reads) {
      await atMost(this.#outstandingMax - read.ends.length)
      await nextTurn()
      // A socket's bytes are in memory of their own, which goes with the last view of it.
      const bytes = Buffer.from(read.bytes)
      const receivedAt = Date.now()
      let start = 0
      for (let index = 0; index < read.ends.length; index += 1) {
        const end = read.ends[index] ?? 0
        const topic = read.topics[index] ?? ''
        out += 1
        deliver({ topic, payload: bytes.subarray(start, end), receivedAt, acknowledge, refuse })
        start = end
      }
    }
    await atMost(0)
  }
}
