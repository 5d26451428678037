import type { Writable } from 'node:stream'

const PUBACK = 0x40
const PACKET_BYTES = 4
const PACKETS_MAX = 1024

/**
 * A batch that is stored is acknowledged message by message within one turn of the event loop: all
 * these PUBACKs are one write. MQTT 5 §3.4; without reason code and properties, which mean success.
 *
 * They leave in the order of storing, not of receiving (§4.6 has the latter): else one message that
 * waits for its engine would hold up the window of its connection. Brokers match them by packet id.
 */
export class PubackWriter {
  readonly #socket: Writable
  #bytes: Buffer | undefined
  #length = 0
  #isStopped = false
  readonly #flush = (): void => this.flush()

  constructor(socket: Writable) {
    this.#socket = socket
  }

  add(packetId: number): void {
    if (this.#isStopped) return
    if (this.#bytes === undefined) {
      this.#bytes = Buffer.allocUnsafe(PACKETS_MAX * PACKET_BYTES)
      process.nextTick(this.#flush)
    }
    const at = this.#length
    this.#bytes[at] = PUBACK
    this.#bytes[at + 1] = 2
    this.#bytes[at + 2] = packetId >> 8
    this.#bytes[at + 3] = packetId & 255
    this.#length = at + PACKET_BYTES
    if (this.#length === this.#bytes.length) this.flush()
  }

  /** What is sent after it is behind them. */
  flush(): void {
    const bytes = this.#bytes
    if (bytes === undefined) return
    this.#socket.write(bytes.subarray(0, this.#length))
    this.#bytes = undefined
    this.#length = 0
  }

  stop(): void {
    this.#isStopped = true
    this.#bytes = undefined
  }
}
