import type { StreamRecord } from '../ports/event-stream.ts'
import type { GroupEventMessage, VehicleMessage } from './messages.ts'
import type { Outcome } from './outcome.ts'
import { type AboutMessage, vehicleRecord } from './vehicle-record.ts'

// What passes through here: messages about one vehicle, once they are stored → the event stream, those of
// each vehicle in the order in which they came, one at a time → told how they ended. Who came first may be
// stored later than who came second, where several writes are out at once: the second one waits for it.

export interface VehicleEventsOptions {
  readonly publisher: EventPublisher
  /** Stored messages that wait for the stream, or are on their way to it; more are refused. */
  readonly queueMax: number
  /** Of a message, from its arrival; Infinity: it waits as long as it takes. */
  readonly deadlineMs: number
  readonly now: () => number
  /** For metrics, as the next one; neither may throw. */
  readonly onEnd: (outcome: 'published' | 'rejected' | 'refused', latencyMs: number) => void
  /** How many wait for the stream, or are on their way to it. */
  readonly onSize: (size: number) => void
}

/** What is needed of a publisher of waves: records that are given one by one share its calls. */
export interface EventPublisher {
  /** Never rejects. */
  publish(records: readonly StreamRecord[]): Promise<Published>
  abort(reason: string): void
}

type Published =
  | { readonly kind: 'published'; readonly rejected: readonly { readonly reason: string }[] }
  | { readonly kind: 'refused'; readonly reason: string }

type Tell = (outcome: Outcome) => void

/** Of a message among those of its vehicle that came before and after it. */
export interface Place {
  readonly about: AboutMessage
  readonly since: number
  /** Who is left of those that came before and after it; the first one has nobody before it. */
  before: Place | undefined
  after: Place | undefined
  /** How it ended in the index; undefined: it hasn't. */
  outcome: Outcome | undefined
  /** Undefined: it isn't stored yet, or its sender is told. */
  tell: Tell | undefined
  isOut: boolean
}

const SWEEP_INTERVAL_MS = 1000

export class VehicleEvents {
  readonly #options: VehicleEventsOptions
  /** Who came last, by VIN: the others hang on it. */
  readonly #last = new Map<string, Place>()
  /** Stored and not told. */
  #waiting = 0
  /** Stored or told, but still on their way: what is out can't be taken back. */
  #size = 0
  #sweeper: NodeJS.Timeout | undefined
  #idle: (() => void)[] = []

  constructor(options: VehicleEventsOptions) {
    this.#options = options
  }

  /** Keeps the place of a message that isn't stored yet. */
  expect(message: VehicleMessage | GroupEventMessage, incoming: AboutMessage['incoming']): Place {
    const { kind: type, vin, sentAt, stamp } = message
    const before = this.#last.get(vin)
    const place: Place = {
      about: { type, vin, sentAt, id: stamp.id, incoming },
      since: this.#options.now(),
      before,
      after: undefined,
      outcome: undefined,
      tell: undefined,
      isOut: false,
    }
    if (before !== undefined) before.after = place
    this.#last.set(vin, place)
    return place
  }

  /**
   * Tells how it ended in the index, once. If it is stored there, `tell` is called when the stream has
   * confirmed it, or when it is clear that it won't: refused (it has to come again) or unusable (it never
   * can be published).
   */
  end(place: Place, outcome: Outcome, tell: Tell): void {
    const { queueMax } = this.#options
    if (outcome.kind !== 'stored' && outcome.kind !== 'duplicate') {
      this.#leave(place)
      tell(outcome)
      return
    }
    this.#waiting += 1
    this.#resize(1)
    place.outcome = outcome
    place.tell = tell
    if (this.#size > queueMax) {
      this.#refuse(place, `more than ${queueMax} messages wait for the event stream`)
      return
    }
    this.#sweeper ??= setInterval(() => this.#refuseLate(), SWEEP_INTERVAL_MS).unref()
    this.#advance(place)
  }

  /** Resolves when every message that was stored is published or refused. */
  async drain(): Promise<void> {
    if (this.#waiting === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Refuses what is left. What is out may still become durable. */
  abort(reason: string): void {
    this.#refuseAll(() => true, reason)
    this.#options.publisher.abort(reason)
  }

  /** Goes out if it is the first one, and stored. */
  #advance(place: Place): void {
    if (place.before !== undefined || place.tell === undefined || place.isOut) return
    place.isOut = true
    void this.#publish(place)
  }

  async #publish(place: Place): Promise<void> {
    const published = await this.#options.publisher.publish([vehicleRecord(place.about)])
    this.#resize(-1)
    if (published.kind === 'refused') this.#settle(place, 'refused', published)
    else if (published.rejected[0] === undefined) this.#settle(place, 'published', place.outcome)
    else {
      const reason = `it is stored, but can't be published: ${published.rejected[0].reason}`
      this.#settle(place, 'rejected', { kind: 'unusable', reason })
    }
    this.#leave(place)
  }

  #refuse(place: Place, reason: string): void {
    if (!place.isOut) {
      this.#resize(-1)
      this.#leave(place)
    }
    this.#settle(place, 'refused', { kind: 'refused', reason })
  }

  /** Unless it was refused before. */
  #settle(
    place: Place,
    ended: 'published' | 'rejected' | 'refused',
    outcome: Outcome | undefined,
  ): void {
    const { tell, since } = place
    if (tell === undefined || outcome === undefined) return
    const { now, onEnd } = this.#options
    place.tell = undefined
    this.#waiting -= 1
    onEnd(ended, now() - since)
    tell(outcome)
    this.#endIfIdle()
  }

  /** Who comes after it need not wait for it any more. */
  #leave({ about, before, after }: Place): void {
    if (before !== undefined) before.after = after
    if (after !== undefined) {
      after.before = before
      this.#advance(after)
    } else if (before !== undefined) this.#last.set(about.vin, before)
    else this.#last.delete(about.vin)
  }

  #resize(by: number): void {
    this.#size += by
    this.#options.onSize(this.#size)
  }

  #endIfIdle(): void {
    if (this.#waiting > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #refuseLate(): void {
    const { deadlineMs, now } = this.#options
    const before = now() - deadlineMs
    const reason = `not in the event stream within ${deadlineMs} ms`
    this.#refuseAll(({ since }) => since <= before, reason)
  }

  #refuseAll(isMeant: (place: Place) => boolean, reason: string): void {
    for (const last of this.#last.values()) {
      for (let place: Place | undefined = last; place !== undefined; place = place.before) {
        if (place.tell !== undefined && isMeant(place)) this.#refuse(place, reason)
      }
    }
  }
}
