import type { Writable } from 'node:stream'

const PUBACK = 0x40
const PACKET_BYTES = 4
const PACKETS_MAX = 1024
/** Four times the PUBACKs of the largest receive maximum: a broker that keeps to it reads them. */
const UNREAD_MAX_BYTES = 1_000_000

/**
 * A batch that is stored is acknowledged message by message within one turn of the event loop: all
 * these PUBACKs are one write. MQTT 5 §3.4; without reason code and properties, which mean success.
 *
 * They leave in the order of storing, not of receiving (§4.6 has the latter): else one message that
 * waits for its engine would hold up the window of its connection. Brokers match them by packet id.
 */
export class PubackWriter {
  readonly #socket: Writable
  readonly #bytes = Buffer.allocUnsafeSlow(PACKETS_MAX * PACKET_BYTES)
  #length = 0
  #isStopped = false
  readonly #flush = (): void => this.flush()

  constructor(socket: Writable) {
    this.#socket = socket
  }

  add(packetId: number): void {
    if (this.#isStopped) return
    if (this.#length === 0) process.nextTick(this.#flush)
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
    if (this.#length === 0) return
    // A copy of just these: a slow broker may leave many of them waiting.
    this.#socket.write(Buffer.from(this.#bytes.subarray(0, this.#length)))
    this.#length = 0
    if (this.#socket.writableLength > UNREAD_MAX_BYTES) {
      this.#socket.destroy(new Error('the broker does not read its acknowledgements'))
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#length = 0
  }
}
