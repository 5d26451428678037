import type { MqttFeedConfig } from '../../config/adapters.ts'
import type { Leases } from '../../ports/leases.ts'
import {
  type FeedMessage,
  TELEMETRY_TOPIC_FILTERS,
  type TelemetryFeed,
} from '../../ports/telemetry-feed.ts'
import { Connection, type MakeConnection } from './mqtt/connection.ts'
import { ConnectionPool } from './mqtt/connection-pool.ts'
import { drainSession } from './mqtt/drain-session.ts'
import { LeftSessions } from './mqtt/left-sessions.ts'
import { type Member, Membership, memberClientId, memberLeasePrefix } from './mqtt/membership.ts'
import { openClients } from './mqtt/open-clients.ts'
import { PlatformEvents } from './mqtt/platform-events.ts'

// Messages of an MQTT 5 broker: a pool of connections shares one subscription with the pools of all
// other instances. Which connections are whose, also after a crash, is decided by a number that each
// instance takes; what can't be shared comes on one more connection, in one instance at a time.

export interface MqttFeedOptions {
  readonly leases: Leases
  readonly now: () => number
  /** Connections that are up and subscribed, after each change. */
  readonly onConnections: (count: number) => void
  /** A connection was lost or couldn't be made, and why, for a person. It is tried again. */
  readonly onFailed: (clientId: string, reason: string) => void
  /** A connection was opened anew so that what was refused comes again. */
  readonly onReopened: (clientId: string, reason: string) => void
  readonly onMember: (event: MemberEvent, number: number) => void
  /** How long `start` waits for a number and for the first connection. */
  readonly startTimeoutMs?: number
  /** How often to look for sessions that instances have left, and when one counts as empty. */
  readonly sweep?: SweepOptions
}

export interface SweepOptions {
  readonly intervalMs: number
  readonly quietMs: number
  readonly subscribedMaxMs?: number
}

/**
 * This instance's connections have the number now; had it, and are closed; have it still as far as
 * is known, while the database can't be asked, and are told again that they have; the sessions of a
 * number that nobody had are emptied and ended.
 */
export type MemberEvent = 'joined' | 'lost' | 'unsure' | 'sure' | 'drained'

const START_TIMEOUT_MS = 30_000
const SWEEP: SweepOptions = { intervalMs: 30_000, quietMs: 3000 }
/** For messages that a broker sends beyond the receive maximum. */
const HOLD_MAX_BYTES = 64_000_000
/** AWS IoT Core publishes them; its reserved topics can't be subscribed to by a group. */
const PLATFORM_FILTERS = TELEMETRY_TOPIC_FILTERS.filter((filter) => filter.startsWith('$'))
const SHARED_FILTERS = TELEMETRY_TOPIC_FILTERS.filter((filter) => !filter.startsWith('$'))

export function createMqttFeed(config: MqttFeedConfig, options: MqttFeedOptions): TelemetryFeed {
  return new MqttFeed(config, options)
}

class MqttFeed implements TelemetryFeed {
  readonly #config: MqttFeedConfig
  readonly #options: MqttFeedOptions
  readonly #filters: readonly string[]
  readonly #holdBudget = { leftBytes: HOLD_MAX_BYTES }
  readonly #membership: Membership
  #makeConnection: MakeConnection | undefined
  #deliver: ((message: FeedMessage) => void) | undefined
  #member: Member | undefined
  #pool: ConnectionPool | undefined
  /** Ends with the number that this instance has now. */
  #memberEnd = new AbortController()
  #leftSessions: LeftSessions | undefined
  #platformEvents: PlatformEvents | undefined
  #rejoining: Promise<void> = Promise.resolve()
  #isLost = false
  /** When the database could be asked again; undefined while it can't. */
  #sureSince: number | undefined = Number.NEGATIVE_INFINITY
  #closing: Promise<void> | undefined

  constructor(config: MqttFeedConfig, options: MqttFeedOptions) {
    this.#config = config
    this.#options = options
    const { shareName } = config
    this.#filters = SHARED_FILTERS.map((filter) =>
      shareName === undefined ? filter : `$share/${shareName}/${filter}`,
    )
    this.#membership = new Membership({
      ...{ config, leases: options.leases },
      onLost: () => this.#lose(),
      onSure: (isSure) => this.#setSure(isSure),
    })
  }

  async start(deliver: (message: FeedMessage) => void): Promise<void> {
    const { startTimeoutMs = START_TIMEOUT_MS } = this.#options
    const makeClient = await openClients(this.#config)
    this.#makeConnection = (clientId, own) =>
      new Connection({
        ...{ clientId, makeClient, holdBudget: this.#holdBudget },
        unacknowledgedMax: this.#config.unacknowledgedMax,
        now: this.#options.now,
        deliver: this.#take,
        onReopened: (reason) => this.#options.onReopened(clientId, reason),
        ...own,
      })
    this.#deliver = deliver
    try {
      const member = await this.#membership.join(startTimeoutMs)
      await this.#openPool(member, this.#makeConnection, startTimeoutMs).catch((error: Error) => {
        throw new Error(`No MQTT connection to MQTT_URL=${this.#config.url}: ${error.message}`)
      })
      this.#startCompanions(this.#makeConnection, member)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  describe(): { urls: string[] } {
    return { urls: [this.#config.url] }
  }

  problems(): string[] {
    const { url } = this.#config
    if (this.#isLost) {
      return [`no connection to ${url}: this instance waits for the database to give it a number`]
    }
    if (this.#pool === undefined || this.#pool.isUp) return []
    return [`no connection to ${url}: ${this.#pool.lastFailure()}`]
  }

  /**
   * Nothing is unsubscribed: that would end the queue that waits in the session. What still comes
   * is left there.
   */
  async stopIntake(): Promise<void> {
    this.#deliver = undefined
    this.#leftSessions?.stop()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#deliver = undefined
    this.#memberEnd.abort()
    this.#membership.stop()
    await this.#rejoining
    await Promise.all([
      this.#pool?.close(),
      this.#leftSessions?.close(),
      this.#platformEvents?.close(),
    ])
    this.#pool = undefined
    this.#isLost = false
    // Only now: whoever takes the number would throw our connections out.
    await this.#membership.leave()
  }

  readonly #take = (message: FeedMessage): void => this.#deliver?.(message)

  #openPool(member: Member, make: MakeConnection, withinMs?: number): Promise<void> {
    const { connections } = this.#config
    const { onConnections, onFailed, onMember } = this.#options
    this.#memberEnd = new AbortController()
    this.#member = member
    this.#isLost = false
    this.#sureSince ??= performance.now()
    this.#pool = new ConnectionPool({
      ...{ onConnections, onFailed, makeConnection: make, filters: this.#filters },
      onTakenOver: () => this.#membership.concede(),
      clientIds: Array.from({ length: connections }, (_, place) =>
        memberClientId(this.#config, member.number, place + 1),
      ),
    })
    onMember('joined', member.number)
    this.#leftSessions?.drainSurplus(member, this.#memberEnd.signal)
    return this.#pool.open(withinMs)
  }

  /** What is out comes again, to whoever has the number next. */
  #lose(): void {
    this.#memberEnd.abort()
    this.#isLost = true
    const closed = this.#pool?.close({ isHasty: true })
    this.#pool = undefined
    if (this.#member !== undefined) this.#options.onMember('lost', this.#member.number)
    this.#rejoining = this.#rejoining.then(async () => {
      await closed
      // Rejects if this instance is stopped meanwhile.
      const member = await this.#membership.join().catch(() => undefined)
      if (member === undefined || this.#makeConnection === undefined) return
      // Its connections are tried for ever; what is wrong with them is told and shown.
      this.#openPool(member, this.#makeConnection).catch(() => undefined)
    })
  }

  #setSure(isSure: boolean): void {
    this.#sureSince = isSure ? performance.now() : undefined
    if (this.#member === undefined) return
    this.#options.onMember(isSure ? 'sure' : 'unsure', this.#member.number)
  }

  /**
   * Without a number of its own an instance takes one to work with, not to clear it away. And after
   * a time without the database nobody's lease has been renewed: the living come first.
   */
  #maySweep(afterMs: number): boolean {
    if (this.#isLost || this.#sureSince === undefined) return false
    return performance.now() - this.#sureSince > afterMs
  }

  #startCompanions(makeConnection: MakeConnection, member: Member): void {
    const config = this.#config
    const { leases, onFailed, onMember, sweep = SWEEP } = this.#options
    this.#leftSessions = new LeftSessions({
      ...{ leases, leasePrefix: memberLeasePrefix(config), connections: config.connections },
      drain: (number, connection, signal) => {
        const clientId = memberClientId(config, number, connection)
        const own = { ...sweep, clientId, filters: this.#filters }
        return drainSession({ ...own, makeConnection, deliver: this.#take, onFailed }, signal)
      },
      maySweep: () => this.#maySweep(sweep.intervalMs),
      onDrained: (number) => onMember('drained', number),
      intervalMs: sweep.intervalMs,
    })
    this.#leftSessions.start()
    this.#leftSessions.drainSurplus(member, this.#memberEnd.signal)
    if (!config.platformEvents) return
    const filters = PLATFORM_FILTERS
    this.#platformEvents = new PlatformEvents({ leases, config, filters, makeConnection, onFailed })
  }
}
