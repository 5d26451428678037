import { setTimeout as pause } from 'node:timers/promises'
import type { ChargePointSession } from '../charging/session.ts'
import type { ProtocolVersion } from '../domain/charge-point.ts'
import type { Connection } from './connection.ts'

const STEP_MS = 50
/** To answer what is being handled, and for the closing handshake. */
const CLOSE_GRACE_MS = 2000

/** Who is connected to this instance: one connection for each id, the newest. */
export class Connections {
  readonly #byId = new Map<string, Connection>()
  readonly #counts = new Map<ProtocolVersion, number>()
  /** All that are not closed yet, also those whose place was taken. */
  #open = 0
  #emptied: PromiseWithResolvers<void> | undefined

  get(id: string): Connection | undefined {
    return this.#byId.get(id)
  }

  *sessions(): Generator<ChargePointSession> {
    for (const { session } of this.#byId.values()) yield session
  }

  /** Sockets, also those whose place was taken and that are closing. */
  get size(): number {
    return this.#open
  }

  count(version: ProtocolVersion): number {
    return this.#counts.get(version) ?? 0
  }

  /**
   * The newest wins, by the epoch that the store has given it: handshakes can overtake each other.
   * False: a newer one is here already, and this one is closed.
   */
  add(connection: Connection): boolean {
    const { id, epoch } = connection.session
    const other = this.#byId.get(id)
    this.#count(connection, 1)
    if (other !== undefined && other.session.epoch > epoch) {
      connection.close('a newer connection of this charge point is here')
      return false
    }
    this.#byId.set(id, connection)
    other?.close('a newer connection of this charge point has taken its place')
    return true
  }

  /** Once its socket is closed; of no effect on a newer one of its id. */
  remove(connection: Connection): void {
    const { id } = connection.session
    if (this.#byId.get(id) === connection) this.#byId.delete(id)
    this.#count(connection, -1)
    if (this.#open === 0) this.#emptied?.resolve()
  }

  /**
   * Ends all, spread over at most the time given, so that they don't come back elsewhere all at once.
   * What is not closed soon after is cut. Resolves when none is left; may be called again, to be quicker.
   */
  async closeAll(overMs: number): Promise<void> {
    this.#emptied ??= Promise.withResolvers()
    const all = [...this.#byId.values()]
    const steps = Math.max(1, Math.floor(overMs / STEP_MS))
    const each = Math.ceil(all.length / steps)
    for (let next = 0; next < all.length && this.#open > 0; next += each) {
      for (const connection of all.slice(next, next + each)) connection.retire()
      if (next + each < all.length) await pause(STEP_MS)
    }
    if (this.#open === 0) return
    const cut = setTimeout(() => {
      for (const connection of this.#byId.values()) connection.terminate('retired')
    }, CLOSE_GRACE_MS)
    await this.#emptied.promise
    clearTimeout(cut)
  }

  #count({ session }: Connection, change: 1 | -1): void {
    this.#open += change
    this.#counts.set(session.protocol, this.count(session.protocol) + change)
  }
}
