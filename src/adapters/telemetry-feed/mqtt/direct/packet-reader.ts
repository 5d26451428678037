import { type Packet, parser } from 'mqtt-packet'

export interface PacketHandler {
  /** `payload` is a view of the bytes that came. `packetId` is 0 with QoS 0. */
  onPublish(topic: string, payload: Uint8Array, packetId: number): void
  /** Asked before each PUBLISH. False: it is held, with all that follows. */
  mayTake(): boolean
  /** Any other packet. */
  onPacket(packet: Packet): void
}

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

const PUBLISH = 3
const QOS_1 = 1

/**
 * Bytes of a connection → packets of MQTT 5. A feed gets one kind of packet a million times and the
 * others a few times: PUBLISH is read here, in place, and the rest by mqtt-packet.
 */
export class PacketReader {
  readonly #handler: PacketHandler
  readonly #sizeMaxBytes: number
  readonly #others = parser({ protocolVersion: 5 })
  /** The beginning of a packet, until it is all there. */
  #rest: Buffer[] = []
  #restBytes = 0
  #neededBytes = 0
  /** Where what follows the length begins, in the packet that was last looked at. */
  #bodyAt = 0
  #isHeld = false

  constructor(handler: PacketHandler, sizeMaxBytes: number) {
    this.#handler = handler
    this.#sizeMaxBytes = sizeMaxBytes
    this.#others.on('packet', (packet) => handler.onPacket(packet))
    this.#others.on('error', (error) => {
      throw error
    })
  }

  /** It waits before a message that couldn't be taken. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** @throws ProtocolError if they are not MQTT 5; nothing can be read from then on */
  read(chunk: Buffer): void {
    if (this.#restBytes === 0) {
      this.#readAll(chunk)
      return
    }
    this.#rest.push(chunk)
    this.#restBytes += chunk.length
    if (!this.#isHeld && this.#restBytes >= this.#neededBytes) this.#readRest()
  }

  /** From where it was held. @throws ProtocolError as `read` */
  goOn(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#readRest()
  }

  #readRest(): void {
    const [first] = this.#rest
    const isOne = first !== undefined && this.#rest.length === 1
    const bytes = isOne ? first : Buffer.concat(this.#rest, this.#restBytes)
    this.#rest = []
    this.#restBytes = 0
    this.#readAll(bytes)
  }

  #readAll(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      const end = this.#endOfPacket(bytes, at)
      const isWhole = end <= bytes.length
      const isPublish = (bytes[at] ?? 0) >> 4 === PUBLISH
      this.#isHeld = isWhole && isPublish && !this.#handler.mayTake()
      if (!isWhole || this.#isHeld) {
        this.#rest = [bytes.subarray(at)]
        this.#restBytes = bytes.length - at
        this.#neededBytes = end - at
        return
      }
      if (isPublish) this.#readPublish(bytes, at, end)
      else this.#readOther(bytes.subarray(at, end))
      at = end
    }
  }

  /** Where the next one begins; beyond the end if this one is not all there. MQTT 5 §2.1.4. */
  #endOfPacket(bytes: Buffer, start: number): number {
    let length = 0
    for (let place = 1; place <= 4; place += 1) {
      const byte = bytes[start + place]
      if (byte === undefined) return start + place + 1
      length += (byte & 127) << (7 * (place - 1))
      if (byte > 127) continue
      this.#bodyAt = start + place + 1
      if (length > this.#sizeMaxBytes) throw new ProtocolError(`a packet of ${length} bytes`)
      return this.#bodyAt + length
    }
    throw new ProtocolError('a length of more than four bytes')
  }

  #readOther(packet: Buffer): void {
    try {
      this.#others.parse(packet)
    } catch (cause) {
      throw new ProtocolError('a packet that is not MQTT 5', { cause })
    }
  }

  /** MQTT 5 §3.3 */
  #readPublish(bytes: Buffer, start: number, end: number): void {
    const qos = ((bytes[start] ?? 0) >> 1) & 3
    if (qos > QOS_1) throw new ProtocolError(`a message with QoS ${qos}`)
    const topicAt = this.#bodyAt + 2
    if (topicAt >= end) throw new ProtocolError('a PUBLISH that ends too soon')
    const topicEnd = topicAt + bytes.readUInt16BE(this.#bodyAt)
    const propertiesAt = topicEnd + 2 * qos
    if (propertiesAt >= end) throw new ProtocolError('a PUBLISH that ends too soon')
    const packetId = qos === 0 ? 0 : bytes.readUInt16BE(topicEnd)
    if (qos === QOS_1 && packetId === 0) throw new ProtocolError('a PUBLISH without a packet id')
    const payloadAt = this.#endOfProperties(bytes, propertiesAt)
    if (payloadAt > end) throw new ProtocolError('a PUBLISH that ends too soon')
    const topic = bytes.toString('utf8', topicAt, topicEnd)
    this.#handler.onPublish(topic, bytes.subarray(payloadAt, end), packetId)
  }

  /** None of them matters here: there are no topic aliases, because CONNECT allows none. */
  #endOfProperties(bytes: Buffer, start: number): number {
    const length = bytes[start] ?? 0
    return length < 128 ? start + 1 + length : this.#endOfPacket(bytes, start - 1)
  }
}
