import pg, { type Client, type ClientConfig } from 'pg'
import { backoffMs } from '../../../lib/backoff.ts'
import { isDoneWithin } from '../../../lib/within.ts'
import { NOTIFICATION } from './publisher.ts'

/** Behind the notifications, for what they may not bring: poolers, lost connections. */
const POLL_INTERVAL_MS = 1000
const PAGE_MAX = 500
const RETRY = { baseMs: 100, maxMs: 5000 }
/** A server that is gone doesn't say goodbye. */
const END_MAX_MS = 2000

const READ = 'SELECT id, channel, payload FROM signal WHERE id > $1 ORDER BY id LIMIT $2'
const LAST = 'SELECT coalesce(max(id), 0) AS id FROM signal'

interface SignalRow {
  readonly id: number
  readonly channel: string
  readonly payload: string
}

export interface ListenerHooks {
  readonly deliver: (channel: string, payload: string) => void
  readonly onDisconnected: (error: unknown) => void
  /** How long it was away; all signals of that time have been delivered, unless trimmed. */
  readonly onReconnected: (awayMs: number) => void
}

/**
 * A connection of its own. A notification only says that there is something to read: signals come
 * from the table, each once, in the order of their ids, however the connection comes and goes.
 */
export class Listener {
  readonly #makeConfig: () => Promise<ClientConfig>
  readonly #hooks: ListenerHooks
  /** The id of the last signal that was delivered. */
  #position: number | undefined
  #isClosed = false
  #isConnected = false
  #isWoken = false
  #wake: () => void = () => undefined
  #running: Promise<void> | undefined

  constructor(makeConfig: () => Promise<ClientConfig>, hooks: ListenerHooks) {
    this.#makeConfig = makeConfig
    this.#hooks = hooks
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** What is published from when it has resolved will be delivered. */
  async open(): Promise<void> {
    this.#running = this.#keepUp(await this.#connect())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#rouse()
    await this.#running
  }

  async #keepUp(first: Client): Promise<void> {
    let client: Client | undefined = first
    let lostAt = 0
    for (let failures = 0; !this.#isClosed; ) {
      try {
        client ??= await this.#connect()
        await this.#read(client)
        if (lostAt > 0) this.#hooks.onReconnected(performance.now() - lostAt)
        failures = 0
        lostAt = 0
        await this.#readOn(client)
      } catch (error) {
        if (lostAt === 0) {
          lostAt = performance.now()
          this.#hooks.onDisconnected(error)
        }
        failures += 1
      }
      this.#isConnected = false
      if (client !== undefined) await end(client)
      client = undefined
      this.#isWoken = false
      if (!this.#isClosed) await this.#rest(backoffMs(failures, RETRY))
    }
  }

  async #connect(): Promise<Client> {
    const client = new pg.Client(await this.#makeConfig())
    // The next statement tells what happened.
    client.on('error', () => this.#rouse())
    client.on('end', () => this.#rouse())
    client.on('notification', () => this.#rouse())
    try {
      await client.connect()
      await client.query(`LISTEN ${NOTIFICATION}`)
      const { rows } = await client.query<{ id: number }>(LAST)
      const last = rows[0]?.id ?? 0
      this.#position ??= last
      // Other tables than before (a restored backup): better a signal twice than none.
      if (last < this.#position) this.#position = 0
      this.#isConnected = true
      return client
    } catch (error) {
      await end(client)
      throw error
    }
  }

  async #readOn(client: Client): Promise<void> {
    while (!this.#isClosed) {
      await this.#rest(POLL_INTERVAL_MS)
      if (!this.#isClosed) await this.#read(client)
    }
  }

  async #read(client: Client): Promise<void> {
    let count = PAGE_MAX
    while (count === PAGE_MAX && !this.#isClosed) {
      const { rows } = await client.query<SignalRow>(READ, [this.#position, PAGE_MAX])
      for (const { id, channel, payload } of rows) {
        this.#position = id
        this.#hooks.deliver(channel, payload)
      }
      count = rows.length
    }
  }

  #rouse(): void {
    this.#isWoken = true
    this.#wake()
  }

  /** Until something happens, at most this long. */
  async #rest(ms: number): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#isWoken = false
  }
}

async function end(client: Client): Promise<void> {
  // From here on it has nothing to tell; an error without a listener would end the process.
  client.removeAllListeners()
  client.on('error', () => undefined)
  await isDoneWithin(END_MAX_MS, client.end()).catch(() => undefined)
}
