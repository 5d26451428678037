import type { Socket } from 'node:net'
import { generate, type IConnackPacket, type IConnectPacket, type Packet } from 'mqtt-packet'
import { ANSWER_TIMEOUT_MS, CONNECT_TIMEOUT_MS } from '../client.ts'
import type { BrokerReason } from '../describe-failure.ts'
import { PacketReader, ProtocolError } from './packet-reader.ts'
import { PubackWriter } from './puback-writer.ts'

export interface LinkSettings {
  readonly connectPacket: IConnectPacket
  /** A connection that is being made; `readyEvent` tells that bytes may be sent. */
  connect(): Socket
  readonly readyEvent: 'connect' | 'secureConnect'
}

export interface LinkListener {
  onConnected(isResumed: boolean): void
  onMessage(topic: string, payload: Uint8Array, packetId: number): void
  /** False: the next message stays unread until `goOn`. */
  mayTake(): boolean
  /** Once, whatever happens. */
  onEnd(end: LinkEnd): void
}

/** What is known about why a link ended; nothing of it: it was closed without a word. */
export interface LinkEnd {
  /** The broker's word: in its CONNACK, or in its DISCONNECT. */
  readonly reason?: BrokerReason | undefined
  readonly error?: NodeJS.ErrnoException | undefined
  /** It was given up, because nothing came. */
  readonly silence?: 'noAnswer' | 'tlsNoAnswer' | 'mqttNoAnswer' | 'silent' | undefined
}

interface Request {
  readonly resolve: (reasonCodes: readonly number[]) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** AWS IoT Core's largest message is 128 kB; a broker drops, and logs, what is larger than this. */
export const PACKET_SIZE_MAX_BYTES = 16_000_000
const MQTT_5 = { protocolVersion: 5 }
const PACKET_ID_MAX = 65_535
/** For the broker to close, which it does at once when it gets the good-bye. */
const CLOSE_TIMEOUT_MS = 3000

/** One connection of MQTT 5, from CONNECT to its end. */
export class Link {
  readonly #settings: LinkSettings
  readonly #listener: LinkListener
  readonly #socket: Socket
  readonly #reader: PacketReader
  readonly #pubacks: PubackWriter
  readonly #requests = new Map<number, Request>()
  #lastId = 0
  /** Bytes can be sent. */
  #isOpen = false
  #isConnected = false
  #isLeaving = false
  /** It will be looked whether there is room again. */
  #isGoingOn = false
  /** For CONNACK, then for the end. */
  #timer: NodeJS.Timeout
  #keepAlive: NodeJS.Timeout | undefined
  #end: LinkEnd = {}

  constructor(settings: LinkSettings, listener: LinkListener) {
    this.#settings = settings
    this.#listener = listener
    this.#socket = settings.connect()
    this.#socket.setNoDelay(true)
    this.#pubacks = new PubackWriter(this.#socket)
    this.#reader = new PacketReader(
      {
        onPublish: (topic, payload, packetId) => {
          if (!this.#isConnected) throw new ProtocolError('a message before the CONNACK')
          listener.onMessage(topic, payload, packetId)
        },
        mayTake: () => listener.mayTake(),
        onPacket: (packet) => this.#take(packet),
      },
      PACKET_SIZE_MAX_BYTES,
    )
    this.#timer = setTimeout(() => this.#giveUpConnecting(), CONNECT_TIMEOUT_MS)
    this.#socket.once(settings.readyEvent, () => {
      this.#isOpen = true
      this.#send(settings.connectPacket)
    })
    this.#socket.on('data', (chunk) => this.#read(() => this.#reader.read(chunk)))
    this.#socket.on('error', (error) => this.#because({ error }))
    this.#socket.once('close', () => this.#closed())
  }

  subscribe(filters: readonly string[]): Promise<readonly number[]> {
    return this.#request((messageId) => ({
      cmd: 'subscribe',
      messageId,
      subscriptions: filters.map((topic) => ({ topic, qos: 1 })),
    }))
  }

  unsubscribe(filters: readonly string[]): Promise<readonly number[]> {
    return this.#request((messageId) => ({
      cmd: 'unsubscribe',
      messageId,
      unsubscriptions: [...filters],
    }))
  }

  acknowledge(packetId: number): void {
    this.#pubacks.add(packetId)
  }

  /** At the end of this turn: a batch makes room for many. */
  goOn(): void {
    if (!this.#reader.isHeld || this.#isGoingOn) return
    this.#isGoingOn = true
    process.nextTick(() => {
      this.#isGoingOn = false
      this.#read(() => this.#reader.goOn())
    })
  }

  /** Says good-bye, after all that has been acknowledged. */
  end(endsSession: boolean): void {
    if (!this.#isConnected) {
      this.#socket.destroy()
      return
    }
    const properties = endsSession ? { properties: { sessionExpiryInterval: 0 } } : {}
    this.#send({ cmd: 'disconnect', reasonCode: 0, ...properties })
    this.#pubacks.stop()
    this.#isLeaving = true
    // The end comes behind what is unread.
    this.#socket.resume()
    this.#socket.end()
    this.#timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Where there is no room the socket isn't read either: that is felt by the broker. */
  #read(read: () => void): void {
    if (this.#isLeaving || this.#socket.destroyed) return
    try {
      read()
      if (this.#reader.isHeld) this.#socket.pause()
      else if (this.#socket.isPaused()) this.#socket.resume()
    } catch (error) {
      this.#because({ error: error as Error })
      this.#socket.destroy()
    }
  }

  #take(packet: Packet): void {
    // What came behind the packet that ended it.
    if (this.#socket.destroyed) return
    switch (packet.cmd) {
      case 'connack':
        this.#accepted(packet)
        break
      case 'suback':
      case 'unsuback':
        this.#answer(packet.messageId ?? 0, packet.granted as readonly number[])
        break
      case 'disconnect': {
        const { reasonCode = 0, properties } = packet
        this.#because({ reason: { reasonCode, reasonString: properties?.reasonString } })
        this.#socket.destroy()
        break
      }
      default:
        // A PINGRESP has done its work by coming.
        break
    }
  }

  #accepted({ reasonCode = 0, sessionPresent, properties }: IConnackPacket): void {
    if (this.#isConnected) throw new ProtocolError('a second CONNACK')
    clearTimeout(this.#timer)
    if (reasonCode !== 0) {
      this.#because({ reason: { reasonCode, reasonString: properties?.reasonString } })
      this.#socket.destroy()
      return
    }
    this.#isConnected = true
    const { keepalive = 0 } = this.#settings.connectPacket
    // The broker may want signs of life more often, or none (0). We want them in any case.
    this.#watch(Math.min(keepalive, properties?.serverKeepAlive || keepalive) * 1000)
    this.#listener.onConnected(sessionPresent)
  }

  /**
   * Twice in the time that was agreed: if nothing came since the last look, or went, the broker is
   * asked for a sign of life; if nothing came after that either, there is nobody. MQTT 5 §3.1.2.10.
   */
  #watch(keepAliveMs: number): void {
    if (keepAliveMs === 0) return
    let { bytesRead, bytesWritten } = this.#socket
    let isAsked = false
    this.#keepAlive = setInterval(() => {
      const hasRead = this.#socket.bytesRead > bytesRead
      const hasWritten = this.#socket.bytesWritten > bytesWritten
      if (isAsked && !hasRead && !this.#reader.isHeld) {
        this.#because({ silence: 'silent' })
        this.#socket.destroy()
        return
      }
      const isQuiet = !hasRead || !hasWritten
      if (isQuiet) this.#send({ cmd: 'pingreq' })
      // While nothing is read here, the answer isn't either.
      isAsked = isQuiet && !this.#reader.isHeld
      ;({ bytesRead, bytesWritten } = this.#socket)
    }, keepAliveMs / 2)
  }

  #request(packetOf: (messageId: number) => Packet): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      this.#lastId = (this.#lastId % PACKET_ID_MAX) + 1
      const id = this.#lastId
      const timer = setTimeout(() => {
        this.#requests.delete(id)
        reject(new Error('the broker did not answer in time'))
      }, ANSWER_TIMEOUT_MS)
      this.#requests.set(id, { resolve, reject, timer })
      this.#send(packetOf(id))
    })
  }

  #answer(id: number, reasonCodes: readonly number[]): void {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    clearTimeout(request?.timer)
    request?.resolve(reasonCodes)
  }

  #send(packet: Packet): void {
    if (!this.#socket.writable) return
    this.#pubacks.flush()
    this.#socket.write(generate(packet, MQTT_5))
  }

  #giveUpConnecting(): void {
    if (this.#isOpen) this.#because({ silence: 'mqttNoAnswer' })
    else this.#because({ silence: this.#socket.connecting ? 'noAnswer' : 'tlsNoAnswer' })
    this.#socket.destroy()
  }

  /** What was known first explains what followed. */
  #because(end: LinkEnd): void {
    this.#end = { ...end, ...this.#end }
  }

  #closed(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#keepAlive)
    this.#pubacks.stop()
    for (const { reject, timer } of this.#requests.values()) {
      clearTimeout(timer)
      reject(new Error('the connection was lost'))
    }
    this.#requests.clear()
    this.#listener.onEnd(this.#end)
  }
}
