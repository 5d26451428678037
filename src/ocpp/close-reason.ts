const REASON_MAX_BYTES = 123

/** It has to fit into a control frame (RFC 6455 §5.5), without half a character at its end. */
export function fitReason(reason: string): Buffer {
  const bytes = Buffer.alloc(REASON_MAX_BYTES)
  return bytes.subarray(0, bytes.write(reason))
}
