import type { IncomingMessage } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Aedes, type Client, type PublishPacket } from 'aedes'
import { FleetgridError } from '../../domain/errors.ts'
import type { FeedMessage, TelemetryFeed } from '../../ports/telemetry-feed.ts'
import {
  type AnonymousAccess,
  type BrokerCaller,
  mayPublish,
  maySubscribe,
} from './broker-access.ts'

// MQTT 3.1.1 broker in this process. aedes asks `authorizePublish` before it writes the PUBACK and
// nothing else before it, so the durable write hangs there.

export interface EmbeddedFeedOptions {
  readonly host: string
  readonly port: number
  readonly anonymous: AnonymousAccess
  readonly connectionsMax: number
  /** Checks a token given as MQTT password. Rejects if it is not valid. */
  readonly verifyToken: (token: string) => Promise<BrokerCaller>
  readonly now: () => number
  readonly onConnections: (count: number) => void
  /** A client was refused or cut off, and why. */
  readonly onRejected: (client: string | undefined, reason: string) => void
  /** Nothing here reads this topic: what comes on it goes to subscribers, and is kept nowhere. */
  readonly onUnread: (topic: string) => void
  readonly onPublish: (outcome: 'delivered' | 'relayed' | 'dropped' | 'rejected') => void
}

export interface EmbeddedFeed extends TelemetryFeed {
  /** Takes over a connection that came as MQTT over WebSocket. */
  readonly acceptStream: (stream: Duplex, request: IncomingMessage) => void
}

/** A topic below one of these is for Fleetgrid, whether it is one that it reads or misspelt. */
const INTAKE_PREFIXES = [
  'dt/cvra/',
  'cdf/assetlibrary/events/',
  '$aws/events/jobExecution/',
  'fleetgrid/',
]

/** Twice AWS IoT Core's largest payload: what is larger is no vehicle's message. */
const PACKET_SIZE_MAX_BYTES = 262_144
const CLIENT_ID_MAX_LENGTH = 128
/** Messages on their way to subscribers; more are not relayed. QoS 0 may drop, memory may not grow. */
const RELAYS_MAX = 1000
/** A subscriber that takes nothing for so long is cut off, so that it doesn't starve the others. */
const RELAY_TIMEOUT_MS = 5000
/** CONNACK codes of MQTT 3.1.1 §3.2.2.3. */
const SERVER_UNAVAILABLE = 3
const BAD_USERNAME_OR_PASSWORD = 4
const NOT_AUTHORIZED = 5

export function createEmbeddedFeed(options: EmbeddedFeedOptions): EmbeddedFeed {
  return new Broker(options)
}

class Broker implements EmbeddedFeed {
  readonly #options: EmbeddedFeedOptions
  readonly #aedes: Aedes
  readonly #server: Server
  readonly #callers = new WeakMap<Client, BrokerCaller>()
  /** Clients that listen; while there are none, nothing is relayed. */
  readonly #listeners = new Set<Client>()
  #relays = 0
  readonly #streams = new Set<Duplex>()
  #deliver: ((message: FeedMessage) => void) | undefined

  constructor(options: EmbeddedFeedOptions) {
    this.#options = options
    this.#aedes = new Aedes({
      maxClientsIdLength: CLIENT_ID_MAX_LENGTH,
      drainTimeout: RELAY_TIMEOUT_MS,
      authenticate: (client, _username, password, done) => {
        this.#authenticate(client, password).then(
          () => done(null, true),
          (error) => done(error, false),
        )
      },
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        const allowed = maySubscribe(
          this.#callers.get(client),
          options.anonymous,
          subscription.topic,
        )
        done(null, allowed ? subscription : null)
      },
    })
    this.#relayOnlyToListeners()
    // Before CONNECT is accepted: a wrong protocol version, a wrong token, bytes that are no MQTT.
    this.#aedes.on('connectionError', (client, error) => {
      options.onRejected(client.id, error.message)
    })
    this.#server = createServer((socket) => {
      socket.setNoDelay(true)
      this.acceptStream(socket)
    })
  }

  async start(deliver: (message: FeedMessage) => void): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const hint =
          cause.code === 'EADDRINUSE'
            ? 'the port is taken: stop what listens there or set MQTT_PORT'
            : cause.message
        reject(new Error(`MQTT broker can't listen on ${host}:${port}: ${hint}`, { cause }))
      })
      this.#server.listen(port, host, resolve)
    })
    await this.#aedes.listen()
    // Who connected before this is cut off, and connects again.
    this.#deliver = deliver
  }

  describe(): { urls: string[] } {
    const address = this.#server.address()
    const port = typeof address === 'object' && address !== null ? address.port : this.#options.port
    const { host } = this.#options
    return { urls: [`mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`] }
  }

  /** A broker in this process is there as long as the process is. */
  problems(): string[] {
    return []
  }

  acceptStream(stream: Duplex, request?: IncomingMessage): void {
    const { connectionsMax, onConnections } = this.#options
    if (this.#streams.size >= connectionsMax || this.#deliver === undefined) {
      stream.destroy()
      return
    }
    this.#streams.add(stream)
    onConnections(this.#streams.size)
    stream.once('close', () => {
      this.#streams.delete(stream)
      onConnections(this.#streams.size)
    })
    const client = this.#aedes.handle(stream as Socket, request)
    guardParser(client, stream, (reason) => this.#options.onRejected(client.id, reason))
  }

  /** Nothing new is read; what is being written still gets its PUBACK. */
  async stopIntake(): Promise<void> {
    this.#deliver = undefined
    this.#server.close()
  }

  async close(): Promise<void> {
    // A PUBACK is written in the next turn of the event loop; closing destroys its connection.
    await new Promise<void>((resolve) => setImmediate(resolve))
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()))
    // Those that never said CONNECT are no clients yet.
    for (const stream of this.#streams) stream.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #authenticate(client: Client, password: Readonly<Buffer> | undefined): Promise<void> {
    if (password === undefined || password.length === 0) {
      if (this.#options.anonymous !== 'none') return
      throw refusal(
        'this broker asks for a token as password (make token ROLE=device)',
        NOT_AUTHORIZED,
      )
    }
    try {
      this.#callers.set(client, await this.#options.verifyToken(password.toString('utf8')))
    } catch (error) {
      // While the keys can't be had nobody knows: the client is to come again, not to give up.
      if (error instanceof FleetgridError && error.kind === 'unavailable') {
        throw refusal(error.message, SERVER_UNAVAILABLE)
      }
      throw refusal('the password is not a valid token', BAD_USERNAME_OR_PASSWORD)
    }
  }

  #authorizePublish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    const { topic } = packet
    const caller = client === null ? undefined : this.#callers.get(client)
    if (!mayPublish(caller, this.#options.anonymous, topic)) {
      this.#reject(client, `not allowed to publish to ${topic}`, done)
      return
    }
    if (packet.qos === 2) {
      // aedes would keep them until they are released. AWS IoT Core has no QoS 2 either.
      this.#reject(client, 'QoS 2 is not supported: use QoS 1', done)
      return
    }
    // A retained message per topic that a client makes up would fill memory.
    packet.retain = false
    if (!INTAKE_PREFIXES.some((prefix) => topic.startsWith(prefix))) {
      this.#options.onPublish('relayed')
      this.#options.onUnread(topic)
      done(null)
      return
    }
    // While stopping there is no PUBACK and no error either, which would cut the client off from
    // the PUBACKs that are still to come.
    if (this.#deliver === undefined) return
    this.#options.onPublish('delivered')
    this.#deliver({
      topic,
      payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
      receivedAt: this.#options.now(),
      acknowledge: () => done(null),
      // aedes drops the client on an error; it connects again and sends the message again.
      refuse: (reason) => done(new Error(reason)),
    })
  }

  #reject(client: Client | null, reason: string, done: (error: Error) => void): void {
    this.#options.onPublish('rejected')
    this.#options.onRejected(client?.id, reason)
    done(new Error(reason))
  }

  #relay(send: () => void): void {
    if (this.#relays >= RELAYS_MAX) {
      this.#options.onPublish('dropped')
      return
    }
    this.#relays += 1
    send()
  }

  readonly #relayed = (): void => {
    this.#relays -= 1
  }

  /**
   * The publisher is done at once: what it waited for is the write, and a slow subscriber must not
   * hold it up. Publishing to nobody costs as much as to somebody, and here is mostly nobody.
   */
  #relayOnlyToListeners(): void {
    const aedes = this.#aedes
    aedes.on('subscribe', (_subscriptions, client) => this.#listeners.add(client))
    aedes.on('clientDisconnect', (client) => this.#listeners.delete(client))
    type Publish = (packet: PublishPacket, client: unknown, done: () => void) => void
    const relay = aedes as unknown as { publish: Publish }
    const publish = relay.publish.bind(aedes)
    relay.publish = (packet, client, done) => {
      const fromClient = typeof client === 'object' && client !== null
      if (!fromClient) {
        publish(packet, client, done)
        return
      }
      if (this.#listeners.size > 0) this.#relay(() => publish(packet, client, this.#relayed))
      done()
    }
  }
}

function refusal(message: string, returnCode: number): Error {
  return Object.assign(new Error(message), { returnCode })
}

interface Parser {
  parse(buffer: Buffer): number
  readonly packet: { readonly length: number }
  prependListener(event: 'packet', listener: (packet: Packet) => void): void
}

interface Packet {
  readonly cmd: string
  readonly subscriptions?: { qos: number }[]
}

/** Bounds that aedes has no option for. */
function guardParser(client: Client, stream: Duplex, tell: (reason: string) => void): void {
  const { _parser: parser } = client as unknown as { _parser: Parser }
  // It gathers a packet of any announced length: 256 MB a connection, if asked to.
  const parse = parser.parse.bind(parser)
  parser.parse = (buffer) => {
    const pending = parse(buffer)
    if (parser.packet.length > PACKET_SIZE_MAX_BYTES && !stream.destroyed) {
      tell(`a packet of more than ${PACKET_SIZE_MAX_BYTES} bytes`)
      stream.destroy()
    }
    return pending
  }
  parser.prependListener('packet', (packet) => {
    // It keeps messages for persistent subscribers that stay away: grant QoS 0, and say so.
    for (const subscription of packet.subscriptions ?? []) subscription.qos = 0
  })
}
