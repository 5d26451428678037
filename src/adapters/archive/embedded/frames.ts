import { crc32 } from 'node:zlib'

// How records lie in a segment: length, checksum, bytes. A record that a crash has cut short was never
// acknowledged. One whose checksum is wrong perhaps was: the disk has changed it, or never got all of it.

export interface ReadFrames {
  readonly records: readonly Buffer[]
  /** Where a record begins whose checksum is wrong: from there on nothing is read. */
  readonly damagedAt: number | undefined
}

const HEADER_BYTES = 8

export function frame(data: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + data.length)
  framed.writeUInt32LE(data.length, 0)
  framed.writeUInt32LE(crc32(data), 4)
  framed.set(data, HEADER_BYTES)
  return framed
}

/** Up to the first that isn't whole. */
export function readFrames(segment: Buffer): ReadFrames {
  const records: Buffer[] = []
  let at = 0
  while (at + HEADER_BYTES <= segment.length) {
    const start = at + HEADER_BYTES
    const end = start + segment.readUInt32LE(at)
    if (end > segment.length) break
    const data = segment.subarray(start, end)
    // A record is never empty: these are zeros that a disk made up.
    const isWhole = end > start && crc32(data) === segment.readUInt32LE(at + 4)
    if (!isWhole) return { records, damagedAt: at }
    records.push(data)
    at = end
  }
  return { records, damagedAt: undefined }
}
