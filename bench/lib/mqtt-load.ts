import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import { microseconds } from './process-stats.ts'

// A publisher that costs as little as possible, so that the server is what is measured: every packet
// is made before the first is sent, and what a connection may send goes out in one write. That takes
// about 1 kB of memory a message.

export interface Message {
  readonly topic: string
  readonly payload: Buffer
}

export interface LoadOptions {
  readonly host: string
  readonly port: number
  readonly connections: number
  /** Unacknowledged messages of a connection. */
  readonly inFlight: number
  readonly messages: number
  readonly clientName: string
  /** Message number `index`. Connection `index % connections` sends it, so topics keep their order. */
  readonly message: (index: number) => Message
}

export interface LoadResult {
  readonly messages: number
  /** Of the first message, on the clock that all processes of the machine share. */
  readonly startedAtUs: number
  /** From the first message to the last PUBACK. */
  readonly seconds: number
  /** Of this process in that time: what publishing costs once the packets are made. */
  readonly cpuSeconds: number
  /** Publish → PUBACK, milliseconds, sorted. */
  readonly latencies: Float64Array
}

/** All packets of a connection, in one piece. */
interface Lane {
  readonly bytes: Buffer
  /** Where each packet ends. */
  readonly ends: readonly number[]
}

const PACKET_IDS = 65_535
const PUBACK = 0x40
/** Of MQTT 3.1.1 §3.4. */
const PUBACK_BYTES = 4

/** Sends them all as fast as the broker acknowledges. @throws Error if the broker closes */
export async function publishLoad(options: LoadOptions): Promise<LoadResult> {
  const { connections, messages } = options
  const numbers = Array.from({ length: connections }, (_, number) => number)
  const lanes = numbers.map((number) => encodeLane(options, number))
  const sockets = await Promise.all(
    numbers.map((number) => openConnection(options, `${options.clientName}-${number}`)),
  )
  const times = { latencies: new Float64Array(messages), count: 0 }
  const cpuBefore = process.cpuUsage()
  const startedAtUs = microseconds()
  await Promise.all(
    lanes.map((lane, at) => publishLane(sockets[at] as Socket, lane, options.inFlight, times)),
  )
  const seconds = (microseconds() - startedAtUs) / 1e6
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const socket of sockets) socket.destroy()
  const latencies = times.latencies.sort()
  return {
    messages: times.count,
    startedAtUs,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    latencies,
  }
}

/** Packet ids start again after the highest one. */
export function encodePublish({ topic, payload }: Message, numberOnConnection: number): Buffer {
  const messageId = (numberOnConnection % PACKET_IDS) + 1
  return generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false })
}

/** MQTT 3.1.1 with a clean session. */
export async function openConnection(
  { host, port }: { readonly host: string; readonly port: number },
  clientId: string,
): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => socket.write(generate({ cmd: 'connect', clientId, keepalive: 0 })))
    socket.once('data', (data) => {
      if (data[0] === 0x20 && data[3] === 0) resolve()
      else reject(new Error(`the broker refused the connection: ${data.toString('hex')}`))
    })
  })
  return socket
}

/** Calls with the packet ids of each read. @throws Error if it isn't a PUBACK */
export function onPubacks(socket: Socket, take: (packetIds: number[]) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    const buffer = rest.length === 0 ? data : Buffer.concat([rest, data])
    const packetIds: number[] = []
    let at = 0
    for (; at + PUBACK_BYTES <= buffer.length; at += PUBACK_BYTES) {
      if (buffer[at] !== PUBACK) socket.destroy(new Error('the broker sent more than PUBACKs'))
      packetIds.push(buffer.readUInt16BE(at + 2))
    }
    rest = buffer.subarray(at)
    take(packetIds)
  })
}

function encodeLane({ connections, messages, message }: LoadOptions, lane: number): Lane {
  const packets: Buffer[] = []
  const ends: number[] = []
  let end = 0
  for (let index = lane; index < messages; index += connections) {
    const packet = encodePublish(message(index), packets.length)
    end += packet.length
    packets.push(packet)
    ends.push(end)
  }
  return { bytes: Buffer.concat(packets), ends }
}

function publishLane(
  socket: Socket,
  { bytes, ends }: Lane,
  inFlight: number,
  times: { readonly latencies: Float64Array; count: number },
): Promise<void> {
  const sentAt = new Float64Array(PACKET_IDS + 1)
  let sent = 0
  let acknowledged = 0
  const fill = (): void => {
    const until = Math.min(acknowledged + inFlight, ends.length)
    if (until === sent) return
    const from = ends[sent - 1] ?? 0
    const now = performance.now()
    for (; sent < until; sent += 1) sentAt[(sent % PACKET_IDS) + 1] = now
    socket.write(bytes.subarray(from, ends[until - 1]))
  }
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the broker closed the connection')))
    onPubacks(socket, (packetIds) => {
      const now = performance.now()
      for (const packetId of packetIds) {
        times.latencies[times.count] = now - (sentAt[packetId] ?? 0)
        times.count += 1
      }
      acknowledged += packetIds.length
      if (acknowledged === ends.length) resolve()
      else fill()
    })
    fill()
    if (ends.length === 0) resolve()
  })
}
