/** Cuts a stream of MQTT, of whatever version, into its packets; the bytes are the stream's own. */
export class MqttFrames {
  #rest: Buffer = Buffer.alloc(0)
  readonly #take: (packet: Buffer, headerBytes: number) => void

  constructor(take: (packet: Buffer, headerBytes: number) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const { headerBytes, length } = readHeader(bytes, at)
      if (headerBytes === 0 || at + headerBytes + length > bytes.length) break
      const end = at + headerBytes + length
      this.#take(bytes.subarray(at, end), headerBytes)
      at = end
    }
    this.#rest = bytes.subarray(at)
  }
}

/** Remaining Length is one to four bytes (MQTT 5 §1.5.5). No header bytes: not all are there yet. */
function readHeader(bytes: Buffer, at: number): { headerBytes: number; length: number } {
  let length = 0
  for (let digit = 0; digit < 4; digit += 1) {
    const byte = bytes[at + 1 + digit]
    if (byte === undefined) break
    length += (byte & 0x7f) * 128 ** digit
    if (byte < 0x80) return { headerBytes: digit + 2, length }
  }
  return { headerBytes: 0, length }
}
