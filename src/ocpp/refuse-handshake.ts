import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../charging/admission.ts'

/** Why a handshake is not completed; also the label of its metric. */
export type HandshakeRefusal =
  | Refusal
  | 'not-websocket'
  | 'no-subprotocol'
  | 'bad-id'
  | 'busy'
  | 'starting'
  | 'stopping'
  | 'unavailable'
  | 'failed'

interface Answer {
  readonly status: number
  readonly detail: string
}

// biome-ignore format: a table
const ANSWERS: Readonly<Record<HandshakeRefusal, Answer>> = {
  'not-known':         { status: 404, detail: 'There is no charge point with this id' },
  'bad-id':            { status: 404, detail: 'The path must be /ocpp/{id}: 1 to 48 characters, no “:”, no control character, not “.” or “..”' },
  'wrong-key':         { status: 401, detail: 'HTTP Basic with the id and its key is needed' },
  'not-secure-enough': { status: 403, detail: 'This charge point must connect over TLS' },
  'not-websocket':     { status: 400, detail: 'This is no WebSocket handshake (RFC 6455, version 13), or a header of it is wrong' },
  'no-subprotocol':    { status: 400, detail: 'Sec-WebSocket-Protocol must name a version of OCPP, e.g. ocpp1.6' },
  busy:                { status: 503, detail: 'Too many handshakes are under way' },
  starting:            { status: 503, detail: 'This instance is starting' },
  stopping:            { status: 503, detail: 'This instance is stopping' },
  unavailable:         { status: 503, detail: 'This is not available now' },
  failed:              { status: 500, detail: 'This is our fault' },
}

const RETRY_AFTER_MIN_S = 5
const RETRY_AFTER_SPREAD_S = 25

/** As HTTP, before the upgrade. `random`: 0 to 1, so that not all come back at once. */
export function refuseHandshake(
  socket: Duplex,
  refusal: HandshakeRefusal,
  random: () => number,
): void {
  const { status, detail } = ANSWERS[refusal]
  const title = STATUS_CODES[status]
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  if (status === 401) head.push('WWW-Authenticate: Basic realm="charge points"')
  if (status === 503) {
    const seconds = RETRY_AFTER_MIN_S + Math.floor(random() * RETRY_AFTER_SPREAD_S)
    head.push(`Retry-After: ${seconds}`)
  }
  socket.once('finish', socket.destroy)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
