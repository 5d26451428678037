const NEWLINE = 0x0a

/**
 * Lines that end with LF and nothing else: `node:readline` ends them at U+2028 too, which a JSON text may
 * hold as it is.
 * @returns each without its line end; undefined in place of one of more than `bytesMax`
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = []
  let bytes = 0
  const add = (part: Buffer): void => {
    bytes += part.length
    if (bytes <= bytesMax) parts.push(part)
    else parts = []
  }
  const take = (): string | undefined => {
    const line = bytes <= bytesMax ? Buffer.concat(parts).toString('utf8') : undefined
    parts = []
    bytes = 0
    return line
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end))
      yield take()
      from = end + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (bytes > 0) yield take()
}
