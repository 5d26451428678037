import { createRepeater, type Repeater } from '../../../lib/repeater.ts'
import type { Leases } from '../../../ports/leases.ts'
import type { Member } from './membership.ts'

// When there are fewer instances than before, a number stays free, but its sessions hold messages and
// some brokers go on giving them their share. Each instance looks for such numbers now and then,
// takes one like any other, empties and ends its sessions.

export interface LeftSessionsOptions {
  readonly leases: Leases
  /** Of the leases of numbers. */
  readonly leasePrefix: string
  /** Of this instance's own number. */
  readonly connections: number
  /** Delivers what is in the session of a number's connection, and ends it. False: not now. */
  readonly drain: (member: number, connection: number, signal: AbortSignal) => Promise<boolean>
  /** All sessions of a number that nobody had are empty and ended. */
  readonly onDrained: (member: number) => void
  /** May numbers be cleared away that nobody has renewed? */
  readonly maySweep: () => boolean
  readonly intervalMs: number
}

/** Sessions that are read at a time: each may take minutes. */
const LANES = 10

export class LeftSessions {
  readonly #options: LeftSessionsOptions
  readonly #closing = new AbortController()
  readonly #repeater: Repeater
  #surplusWork: Promise<void> = Promise.resolve()

  constructor(options: LeftSessionsOptions) {
    this.#options = options
    // Not all instances at once.
    const intervalMs = options.intervalMs * (0.75 + Math.random() / 2)
    this.#repeater = createRepeater({
      intervalMs,
      firstAfterMs: intervalMs,
      // Without the database nobody can tell; the next time will do.
      run: () => this.#sweep().catch(() => undefined),
    })
  }

  start(): void {
    this.#repeater.start()
  }

  /** Sessions of our own number beyond our connections: earlier holders had more of them. */
  drainSurplus({ number, lease }: Member, lost: AbortSignal): void {
    const { connections } = this.#options
    if (lease.value <= connections) return
    const signal = AbortSignal.any([this.#closing.signal, lost])
    this.#surplusWork = this.#surplusWork.then(async () => {
      const isDone = await this.#drainAll(number, connections + 1, lease.value, signal)
      // Whoever has the number next does it again.
      if (isDone) await lease.setValue(connections).catch(() => undefined)
    })
  }

  /** Begins nothing new; what is under way goes on. */
  stop(): void {
    void this.#repeater.stop()
  }

  /** Breaks off what is under way; what isn't delivered stays where it is. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([this.#repeater.stop(), this.#surplusWork])
  }

  async #sweep(): Promise<void> {
    const { leases, leasePrefix, maySweep } = this.#options
    if (!maySweep()) return
    for (const { name } of await leases.listLeft(leasePrefix)) {
      if (this.#closing.signal.aborted || !maySweep()) return
      await this.#sweepMember(Number(name.slice(leasePrefix.length)), name)
    }
  }

  async #sweepMember(number: number, name: string): Promise<void> {
    const lost = new AbortController()
    const options = { value: 0, onLost: () => lost.abort() }
    const lease = await this.#options.leases.take(name, options)
    // An instance has just begun with this number, or another one is sweeping it.
    if (lease === undefined) return
    try {
      const signal = AbortSignal.any([this.#closing.signal, lost.signal])
      if (await this.#drainAll(number, 1, lease.value, signal)) {
        await lease.setValue(0)
        this.#options.onDrained(number)
      }
    } finally {
      await lease.release()
    }
  }

  async #drainAll(member: number, from: number, to: number, signal: AbortSignal): Promise<boolean> {
    let next = from
    let isDone = true
    const work = async (): Promise<void> => {
      while (next <= to && isDone && !signal.aborted) {
        const connection = next
        next += 1
        if (!(await this.#options.drain(member, connection, signal))) isDone = false
      }
    }
    await Promise.all(Array.from({ length: LANES }, work))
    return isDone && !signal.aborted
  }
}
