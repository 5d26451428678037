import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { extension, PerMessageDeflate, subprotocol } from 'ws'
import { COMPRESSION } from './compression.ts'

// Exported by `ws` since 8.20, not yet by its types.
declare module 'ws' {
  export const extension: { parse(header: string): Readonly<Record<string, object[]>> }
  export const subprotocol: { parse(header: string): ReadonlySet<string> }
}

/**
 * Whether `ws` will complete the handshake (RFC 6455 §4.2.1). It says so only after the charge point was
 * admitted, and by then its connection that works has been closed for this one.
 */
export function isWebsocket({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    isReadable(headers)
  )
}

/** No list with an empty or repeated entry, no extension that can't be agreed on. */
function isReadable(headers: IncomingHttpHeaders): boolean {
  const protocols = headers['sec-websocket-protocol']
  const extensions = headers['sec-websocket-extensions']
  try {
    if (protocols !== undefined) subprotocol.parse(protocols)
    if (extensions === undefined) return true
    const offers = extension.parse(extensions)[PerMessageDeflate.extensionName]
    if (offers !== undefined) new PerMessageDeflate({ ...OPTIONS, isServer: true }).accept(offers)
    return true
  } catch {
    return false
  }
}

const OPTIONS = typeof COMPRESSION === 'object' ? COMPRESSION : {}
