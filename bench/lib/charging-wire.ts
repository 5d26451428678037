import { constants, deflateRawSync } from 'node:zlib'

// WebSocket frames (RFC 6455 §5) by hand, so that who generates load isn't who limits it.

const FINAL_TEXT = 0x81
const COMPRESSED = 0x40
const MASKED = 0x80
const PONG = 0x8a
const LENGTH_16 = 126
const LENGTH_64 = 127

/** A masked text frame. The mask is zero: whoever reads it still has to apply it. */
export function encodeText(text: string): Buffer {
  return frame(FINAL_TEXT, Buffer.from(text))
}

/** The same by permessage-deflate, without context (RFC 7692 §7.2.1). */
export function encodeCompressedText(text: string): Buffer {
  const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
  return frame(FINAL_TEXT | COMPRESSED, deflated.subarray(0, -4))
}

export function encodePong(payload: Buffer): Buffer {
  return frame(PONG, payload)
}

function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload
  if (length > 65_535) throw new Error('no charge point of a benchmark sends that much')
  const isShort = length < LENGTH_16
  const start = isShort ? 6 : 8
  const bytes = Buffer.alloc(start + length)
  bytes[0] = first
  bytes[1] = MASKED | (isShort ? length : LENGTH_16)
  if (!isShort) bytes.writeUInt16BE(length, 2)
  payload.copy(bytes, start)
  return bytes
}

export const OPCODE = { text: 1, close: 8, ping: 9 } as const

/** Frames of a server, which are not masked. Payloads are valid during the call only. */
export class FrameReader {
  #rest: Buffer | undefined

  read(chunk: Buffer, onFrame: (opcode: number, payload: Buffer) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    while (start + 2 <= bytes.length) {
      const [payloadAt, end] = boundsAt(bytes, start)
      if (end > bytes.length) break
      onFrame((bytes[start] ?? 0) & 0x0f, bytes.subarray(payloadAt, end))
      start = end
    }
    this.#rest = start === bytes.length ? undefined : Buffer.from(bytes.subarray(start))
  }
}

/** Where a frame's payload begins and ends; beyond the bytes if its header isn't whole yet. */
function boundsAt(bytes: Buffer, start: number): readonly [number, number] {
  const length = (bytes[start + 1] ?? 0) & 0x7f
  if (length < LENGTH_16) return [start + 2, start + 2 + length]
  if (length === LENGTH_64) throw new Error('no server of a benchmark answers that much')
  if (start + 4 > bytes.length) return [start + 4, Number.POSITIVE_INFINITY]
  return [start + 4, start + 4 + bytes.readUInt16BE(start + 2)]
}
