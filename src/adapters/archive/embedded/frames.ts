import { crc32 } from 'node:zlib'

// How records lie in a segment: length, checksum, bytes. Whatever a crash has left behind the last whole
// record was never acknowledged, and isn't read.

const HEADER_BYTES = 8

export function frame(data: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + data.length)
  framed.writeUInt32LE(data.length, 0)
  framed.writeUInt32LE(crc32(data), 4)
  framed.set(data, HEADER_BYTES)
  return framed
}

/** Up to the first that isn't whole. */
export function* readFrames(segment: Buffer): Generator<Buffer> {
  let at = 0
  while (at + HEADER_BYTES <= segment.length) {
    const start = at + HEADER_BYTES
    const end = start + segment.readUInt32LE(at)
    if (end > segment.length) return
    const data = segment.subarray(start, end)
    if (crc32(data) !== segment.readUInt32LE(at + 4)) return
    yield data
    at = end
  }
}
