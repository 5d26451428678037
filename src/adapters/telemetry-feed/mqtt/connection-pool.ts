import type { CloseOptions, Connection, MakeConnection } from './connection.ts'
import type { ConnectionFailure } from './describe-failure.ts'

export interface ConnectionPoolOptions {
  readonly clientIds: readonly string[]
  readonly filters: readonly string[]
  readonly makeConnection: MakeConnection
  /** Connections that are up and subscribed, after each change. */
  readonly onConnections: (count: number) => void
  readonly onFailed: (clientId: string, reason: string) => void
  /** Another process has connected with one of the client ids, as far as can be told. */
  readonly onTakenOver: () => void
}

/** Connects begin this far apart: 50 a second of the 500 that AWS IoT Core allows an account. */
const CONNECT_EVERY_MS = 20

/** All connections of one member: the same subscription on each. */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions
  readonly #connections: Connection[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  /** What is wrong with a connection, while it is. */
  readonly #failures = new Map<string, ConnectionFailure>()
  #giveUp: (why: string) => void = () => undefined

  constructor(options: ConnectionPoolOptions) {
    this.#options = options
  }

  /**
   * Resolves with the first connection; the others follow, and all are tried again for ever.
   * @throws Error with the last failure after `withinMs`, with one that can't heal, or if it is
   * closed before
   */
  open(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { clientIds, filters, makeConnection } = this.#options
    return new Promise<void>((resolve, reject) => {
      // Of no effect once a connection has been ready.
      this.#giveUp = (why) => reject(new Error(why))
      if (Number.isFinite(withinMs)) this.#after(withinMs, () => this.#giveUp(this.lastFailure()))
      for (const [place, clientId] of clientIds.entries()) {
        const connection = makeConnection(clientId, {
          filters,
          onReady: () => {
            this.#failures.delete(clientId)
            this.#countReady()
            resolve()
          },
          onFailed: (failure) => {
            this.#failures.set(clientId, failure)
            this.#options.onFailed(clientId, failure.text)
            this.#countReady()
            if (failure.isFinal) this.#giveUp(failure.text)
            if (failure.isTakenOver) this.#options.onTakenOver()
          },
        })
        this.#connections.push(connection)
        this.#after(place * CONNECT_EVERY_MS, () => connection.open())
      }
    })
  }

  get isUp(): boolean {
    return this.#connections.some(({ isReady }) => isReady)
  }

  lastFailure(): string {
    return [...this.#failures.values()].at(-1)?.text ?? 'it did not answer in time'
  }

  async close(options?: CloseOptions): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#giveUp('closed before there was one')
    await Promise.all(this.#connections.map((connection) => connection.close(options)))
    this.#options.onConnections(0)
  }

  #countReady(): void {
    this.#options.onConnections(this.#connections.filter(({ isReady }) => isReady).length)
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }
}
