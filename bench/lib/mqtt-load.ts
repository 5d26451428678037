import { connect, type Socket } from 'node:net'

// A publisher that costs as little as possible, so that the server is what is measured: packets
// are put together by hand, and a connection keeps a fixed number of messages in flight.

export interface LoadOptions {
  readonly host: string
  readonly port: number
  readonly connections: number
  readonly inFlight: number
  readonly messages: number
  readonly clientName: string
  /** Topic and payload of message number `index`. */
  readonly message: (index: number) => { topic: string; payload: Buffer }
}

export interface LoadResult {
  readonly messages: number
  readonly seconds: number
  /** Publish → PUBACK, milliseconds, sorted. */
  readonly latencies: Float64Array
}

export async function publishLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies = new Float64Array(options.messages)
  const sockets = await Promise.all(
    Array.from({ length: options.connections }, (_, index) => openConnection(options, index)),
  )
  const source = { sent: 0, acknowledged: 0 }
  const startedAt = performance.now()
  await Promise.all(sockets.map((socket) => publishOn(socket, options, source, latencies)))
  const seconds = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.destroy()
  return { messages: source.acknowledged, seconds, latencies: latencies.sort() }
}

async function openConnection(options: LoadOptions, index: number): Promise<Socket> {
  const socket = connect({ host: options.host, port: options.port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => socket.write(connectPacket(`${options.clientName}-${index}`)))
    socket.once('data', (data) => {
      if (data[0] === 0x20 && data[3] === 0) resolve()
      else reject(new Error(`the broker refused the connection: ${data.toString('hex')}`))
    })
  })
  return socket
}

function publishOn(
  socket: Socket,
  options: LoadOptions,
  source: { sent: number; acknowledged: number },
  latencies: Float64Array,
): Promise<void> {
  const sentAt = new Float64Array(65_536)
  let packetId = 0
  let waiting = 0
  const fill = (): void => {
    socket.cork()
    while (waiting < options.inFlight && source.sent < options.messages) {
      const { topic, payload } = options.message(source.sent)
      source.sent += 1
      packetId = (packetId % 65_535) + 1
      sentAt[packetId] = performance.now()
      socket.write(publishPacket(topic, packetId, payload))
      waiting += 1
    }
    socket.uncork()
  }
  return new Promise((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the broker closed the connection')))
    socket.on('data', (data) => {
      const buffer = rest.length === 0 ? data : Buffer.concat([rest, data])
      const now = performance.now()
      let offset = 0
      for (; offset + 4 <= buffer.length; offset += 4) {
        // PUBACK is always 4 bytes (MQTT 3.1.1 §3.4).
        if (buffer[offset] !== 0x40) reject(new Error('not a PUBACK'))
        latencies[source.acknowledged] = now - (sentAt[buffer.readUInt16BE(offset + 2)] ?? 0)
        source.acknowledged += 1
        waiting -= 1
      }
      rest = Buffer.from(buffer.subarray(offset))
      fill()
      if (waiting === 0 && source.sent >= options.messages) resolve()
    })
    fill()
    if (waiting === 0) resolve()
  })
}

/** MQTT 3.1.1 §3.1, clean session. */
function connectPacket(clientId: string): Buffer {
  const variable = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0])
  return packet(0x10, Buffer.concat([variable, text(clientId)]))
}

/** MQTT 3.1.1 §3.3, QoS 1. */
export function publishPacket(topic: string, packetId: number, payload: Buffer): Buffer {
  const id = Buffer.from([packetId >> 8, packetId & 0xff])
  return packet(0x32, Buffer.concat([text(topic), id, payload]))
}

function packet(type: number, body: Buffer): Buffer {
  const length: number[] = []
  let left = body.length
  do {
    length.push((left % 128) | (left >= 128 ? 0x80 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return Buffer.concat([Buffer.from([type, ...length]), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}
