import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'

// MQTT 5 broker with the limits of AWS IoT Core, which Mosquitto 2.0 doesn't keep: messages without
// an acknowledgement and messages a second, for each connection. QoS 1, sessions that persist, shared
// subscriptions; the test publishes through it directly. It remembers the most that was out.

export interface LimitedBrokerOptions {
  /** Unacknowledged messages of one connection. */
  readonly inFlightMax?: number
  /** Messages to one connection in each second. */
  readonly ratePerSecond?: number
  /** Of those, what was stored while the client was away; unsubscribing ends the rest. */
  readonly storedPerSecond?: number
  /** Answered with "not authorized". */
  readonly refusesFilter?: (filter: string) => boolean
}

export interface LimitedBroker {
  readonly url: string
  publish(topic: string, payload: string): void
  /** Of one connection at one time. */
  readonly mostInFlight: () => number
  /** Messages that no client has acknowledged yet. */
  readonly waiting: () => number
  /** Most connects of one client id within a second. */
  readonly mostConnects: () => number
  /** Closes all connections without a word. */
  cut(): void
}

interface Message {
  readonly topic: string
  readonly payload: string
}

interface Session {
  readonly clientId: string
  readonly filters: Set<string>
  readonly inFlight: Map<number, Message>
  /** Ids of those in flight that this connection hasn't got yet. */
  readonly stored: Set<number>
  readonly connectedAt: number[]
  socket: Socket | undefined
  receiveMaximum: number
  nextId: number
  sentThisSecond: number
}

interface Test {
  after(close: () => unknown): void
}

const NOT_AUTHORIZED = 135
const MQTT_5 = { protocolVersion: 5 }

export async function startLimitedBroker(
  t: Test,
  {
    inFlightMax = 100,
    ratePerSecond = Infinity,
    storedPerSecond = Infinity,
    refusesFilter,
  }: LimitedBrokerOptions = {},
): Promise<LimitedBroker> {
  const sessions = new Map<string, Session>()
  /** All subscribers are of one share, and which topic is for which filter doesn't matter here. */
  const queue: Message[] = []
  let mostInFlight = 0

  const pump = (): void => {
    let idle = 0
    const receivers = [...sessions.values()].filter(({ filters }) => filters.size > 0)
    for (let turn = 0; queue.length > 0 && idle < receivers.length; turn += 1) {
      const session = receivers[turn % receivers.length]
      if (session === undefined) return
      const max = Math.min(inFlightMax, session.receiveMaximum)
      const isFree = session.inFlight.size < max && session.sentThisSecond < ratePerSecond
      if (session.socket === undefined || !isFree) {
        idle += 1
        continue
      }
      idle = 0
      const message = queue.shift()
      if (message === undefined) return
      session.nextId = (session.nextId % 65_535) + 1
      session.inFlight.set(session.nextId, message)
      mostInFlight = Math.max(mostInFlight, session.inFlight.size)
      send(session, session.nextId, message)
    }
  }

  const send = (session: Session, messageId: number, { topic, payload }: Message): void => {
    session.sentThisSecond += 1
    write(session.socket, { cmd: 'publish', topic, payload, qos: 1, messageId })
  }

  /** The same packet ids as before, MQTT 5 §4.4. */
  const sendStored = (session: Session): void => {
    for (const id of [...session.stored].slice(0, storedPerSecond)) {
      const message = session.inFlight.get(id)
      session.stored.delete(id)
      if (message !== undefined) send(session, id, message)
    }
  }

  const accept = (socket: Socket): void => {
    let session: Session | undefined
    const packets = parser(MQTT_5)
    packets.on('packet', (packet) => {
      if (packet.cmd === 'connect') {
        const sessionPresent = sessions.has(packet.clientId)
        session = open(sessions, packet.clientId, packet.properties?.receiveMaximum ?? 65_535)
        session.socket?.destroy()
        session.socket = socket
        write(socket, { cmd: 'connack', reasonCode: 0, sessionPresent })
        session.stored.clear()
        for (const id of session.inFlight.keys()) session.stored.add(id)
        sendStored(session)
      } else if (packet.cmd === 'subscribe') {
        const granted = packet.subscriptions.map(({ topic }) => {
          if (refusesFilter?.(topic)) return NOT_AUTHORIZED
          session?.filters.add(topic)
          return 1
        })
        write(socket, { cmd: 'suback', messageId: packet.messageId ?? 0, granted })
      } else if (packet.cmd === 'unsubscribe') {
        if (session !== undefined) unsubscribe(session, packet.unsubscriptions)
        write(socket, { cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [17] })
      } else if (packet.cmd === 'puback') {
        session?.inFlight.delete(packet.messageId ?? 0)
      } else if (packet.cmd === 'pingreq') {
        write(socket, { cmd: 'pingresp' })
      } else if (packet.cmd === 'disconnect') {
        if (packet.properties?.sessionExpiryInterval === 0) sessions.delete(session?.clientId ?? '')
        socket.end()
      }
      pump()
    })
    socket.on('data', (chunk) => packets.parse(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = undefined
    })
  }

  const server = createServer(accept)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const seconds = setInterval(() => {
    for (const session of sessions.values()) {
      session.sentThisSecond = 0
      if (session.socket !== undefined) sendStored(session)
    }
    pump()
  }, 1000)
  const cut = (): void => {
    for (const { socket } of sessions.values()) socket?.destroy()
  }
  t.after(() => {
    clearInterval(seconds)
    cut()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    publish(topic, payload) {
      queue.push({ topic, payload })
      pump()
    },
    mostInFlight: () => mostInFlight,
    waiting: () => {
      const out = [...sessions.values()].map(({ inFlight }) => inFlight.size)
      return out.reduce((sum, size) => sum + size, queue.length)
    },
    mostConnects: () => Math.max(...[...sessions.values()].map(mostWithinASecond)),
    cut,
  }
}

function open(sessions: Map<string, Session>, clientId: string, receiveMaximum: number): Session {
  const session: Session = sessions.get(clientId) ?? {
    clientId,
    filters: new Set(),
    inFlight: new Map(),
    stored: new Set(),
    connectedAt: [],
    socket: undefined,
    receiveMaximum,
    nextId: 0,
    sentThisSecond: 0,
  }
  session.receiveMaximum = receiveMaximum
  session.connectedAt.push(performance.now())
  sessions.set(clientId, session)
  return session
}

/** The broker may drop what it has stored for the filter, MQTT 5 §3.10.4; this one does. */
function unsubscribe(session: Session, filters: readonly string[]): void {
  const isSubscribed = filters.map((filter) => session.filters.delete(filter)).includes(true)
  if (!isSubscribed) return
  for (const id of session.stored) session.inFlight.delete(id)
  session.stored.clear()
}

function mostWithinASecond({ connectedAt }: Session): number {
  const within = (from: number): number =>
    connectedAt.filter((at) => at >= from && at < from + 1000).length
  return Math.max(...connectedAt.map(within))
}

function write(socket: Socket | undefined, packet: Partial<Packet> & { cmd: string }): void {
  socket?.write(generate(packet as Packet, MQTT_5))
}
