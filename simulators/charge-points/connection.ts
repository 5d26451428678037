import WebSocket from 'ws'
import type { Random } from '../random.ts'
import { CallFault, type Reply } from './commands.ts'
import type { Counts } from './counts.ts'
import type { Scheduler, Task } from './scheduler.ts'

/**
 * OCPP-J of one station: calls and answers over a WebSocket, one call at a time each way; opens
 * again by itself, later and later, until it is told to close.
 */

/** As the subprotocol is called. */
export type ProtocolName = 'ocpp1.6' | 'ocpp2.0.1'

export interface ConnectionOptions {
  /** Of all stations; the id is added. */
  readonly url: string
  readonly id: string
  readonly protocol: ProtocolName
  readonly compression: boolean
  readonly callTimeoutMs: number
}

export interface ConnectionEvents {
  opened(): void
  closed(): void
  /** A call of the server. Throws {@link CallFault} for an error of OCPP. */
  called(action: string, payload: unknown): Reply
  /** Not let in, or not reached; it goes on trying. */
  trouble(reason: string): void
}

export type CallOutcome =
  | { readonly kind: 'answer'; readonly payload: object }
  | { readonly kind: 'error'; readonly code: string; readonly description: string }
  /** Sent, and no answer in time. */
  | { readonly kind: 'timeout' }
  /** There was no connection, or it broke. */
  | { readonly kind: 'lost' }

interface Call {
  readonly action: string
  readonly payload: object
  readonly settle: (outcome: CallOutcome) => void
}

const CALL = 2
const CALLRESULT = 3
const CALLERROR = 4
const RECONNECT_FIRST_MS = 1000
const RECONNECT_LONGEST_MS = 60_000
const RETRY_AFTER_MAX_MS = 600_000
const HANDSHAKE_TIMEOUT_MS = 30_000
/** Frames of a server are small; the largest are certificates and local lists. */
const FRAME_MAX_BYTES = 1_048_576
const WAITING_MAX = 200
/** So many calls in a row without an answer: nobody is there any more. */
const TIMEOUTS_MAX = 2
const LOST: CallOutcome = { kind: 'lost' }

export class Connection {
  /** Undefined: none. For the next handshake. */
  password: string | Buffer | undefined
  readonly #options: ConnectionOptions
  readonly #scheduler: Scheduler
  readonly #counts: Counts
  readonly #events: ConnectionEvents
  readonly #random: Random
  #socket: WebSocket | undefined
  #isOpen = false
  #wasOpen = false
  #wanted = false
  #reopening: Task | undefined
  #reconnectMs = RECONNECT_FIRST_MS
  #sequence = 0
  readonly #waiting: Call[] = []
  #current: Call | undefined
  #currentId = ''
  #deadlineMs = Infinity
  #timeouts = 0

  constructor(
    options: ConnectionOptions,
    { scheduler, counts, random }: { scheduler: Scheduler; counts: Counts; random: Random },
    events: ConnectionEvents,
  ) {
    this.#options = options
    this.#scheduler = scheduler
    this.#counts = counts
    this.#random = random
    this.#events = events
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.#reopening?.cancel()
    this.#wanted = true
    if (this.#socket === undefined) this.#connect()
  }

  /** Says good-bye, or (`abruptly`) does not, as when a cable breaks; then stays away. */
  close({ abruptly = false } = {}): void {
    this.#wanted = false
    this.#reopening?.cancel()
    const socket = this.#socket
    if (socket === undefined) return
    if (abruptly || !this.#isOpen) socket.terminate()
    else socket.close(1000)
    this.#forget(socket)
  }

  /** Never rejects. Waits for the calls before it. */
  call(action: string, payload: object): Promise<CallOutcome> {
    if (!this.#isOpen || this.#waiting.length >= WAITING_MAX) return Promise.resolve(LOST)
    return new Promise((settle) => {
      this.#waiting.push({ action, payload, settle })
      this.#sendNext()
    })
  }

  /** So that proxies see that somebody is there. */
  ping(): void {
    if (this.#isOpen) this.#socket?.ping()
  }

  /** To be called every second or so: there is no timer for each call. */
  checkTimeout(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return
    this.#counts.timeouts++
    this.#timeouts++
    this.#settle({ kind: 'timeout' })
    if (this.#timeouts >= TIMEOUTS_MAX) this.#socket?.terminate()
  }

  #connect(): void {
    const { url, id, protocol, compression } = this.#options
    const socket = new WebSocket(`${url}/${encodeURIComponent(id)}`, [protocol], {
      headers: this.#composeCredentials(),
      perMessageDeflate: compression,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: FRAME_MAX_BYTES,
    })
    this.#socket = socket
    socket.on('open', () => this.#onOpen())
    socket.on('message', (data, isBinary) => {
      if (socket === this.#socket) this.#onFrame(isBinary ? '' : data.toString())
    })
    socket.on('unexpected-response', (request, response) => {
      const { statusCode = 0, headers } = response
      this.#counts.refused++
      const waitMs = Number(headers['retry-after']) * 1000 || 0
      request.destroy()
      this.#onClose(socket, `HTTP ${statusCode}`, Math.min(RETRY_AFTER_MAX_MS, waitMs))
    })
    // Also of a socket that has been given up.
    socket.on('error', (error) => this.#onClose(socket, error.message || String(error)))
    socket.on('close', (code) => this.#onClose(socket, `closed by the server (${code})`))
  }

  /** The password may be any bytes: no string in between. */
  #composeCredentials(): Record<string, string> {
    if (this.password === undefined) return {}
    const user = Buffer.from(`${this.#options.id}:`)
    const password = Buffer.from(this.password as string)
    return { authorization: `Basic ${Buffer.concat([user, password]).toString('base64')}` }
  }

  #onOpen(): void {
    this.#isOpen = true
    if (this.#wasOpen) this.#counts.reconnects++
    this.#wasOpen = true
    this.#timeouts = 0
    this.#events.opened()
  }

  #onClose(socket: WebSocket, reason: string, waitMinMs = 0): void {
    if (socket !== this.#socket) return
    this.#forget(socket)
    this.#events.trouble(reason)
    if (!this.#wanted) return
    // Half to all of the time, so that not all stations come back at once.
    const waitMs = Math.max(waitMinMs, this.#reconnectMs * this.#random.between(0.5, 1))
    this.#reconnectMs = Math.min(RECONNECT_LONGEST_MS, this.#reconnectMs * 2)
    this.#reopening = this.#scheduler.after(waitMs, () => this.open())
  }

  #forget(socket: WebSocket): void {
    const wasOpen = this.#isOpen
    socket.removeAllListeners('close')
    this.#socket = undefined
    this.#isOpen = false
    this.#deadlineMs = Infinity
    const unanswered = [this.#current, ...this.#waiting.splice(0)]
    this.#current = undefined
    for (const call of unanswered) call?.settle(LOST)
    if (wasOpen) this.#events.closed()
  }

  #sendNext(): void {
    if (this.#current !== undefined) return
    const call = this.#waiting.shift()
    if (call === undefined) return
    this.#current = call
    this.#sequence++
    this.#currentId = `${this.#options.id.slice(-20)}-${this.#sequence.toString(36)}`
    this.#deadlineMs = this.#scheduler.now() + this.#options.callTimeoutMs
    this.#counts.callsSent++
    this.#send([CALL, this.#currentId, call.action, call.payload])
  }

  #send(frame: readonly unknown[]): void {
    this.#counts.messages++
    this.#socket?.send(JSON.stringify(frame))
  }

  #settle(outcome: CallOutcome): void {
    const call = this.#current
    this.#current = undefined
    this.#deadlineMs = Infinity
    call?.settle(outcome)
    this.#sendNext()
  }

  #onFrame(text: string): void {
    const frame = parseFrame(text)
    this.#counts.messages++
    if (frame?.[0] === CALL) {
      this.#answer(String(frame[1]), String(frame[2]), frame[3])
    } else if ((frame?.[0] === CALLRESULT || frame?.[0] === CALLERROR) && this.#current) {
      // The answer of a call that was given up must not be taken for that of the next one.
      if (frame[1] !== this.#currentId) return
      this.#timeouts = 0
      this.#reconnectMs = RECONNECT_FIRST_MS
      if (frame[0] === CALLERROR) this.#counts.callErrors++
      this.#settle(
        frame[0] === CALLRESULT
          ? { kind: 'answer', payload: this.#readAnswer(frame[2]) }
          : { kind: 'error', code: String(frame[2]), description: String(frame[3] ?? '') },
      )
    } else if (frame === undefined) {
      this.#counts.badFrames++
    }
  }

  #answer(id: string, action: string, payload: unknown): void {
    this.#counts.callsReceived++
    let answered: Reply
    try {
      answered = this.#events.called(action, payload)
    } catch (error) {
      const code = error instanceof CallFault ? error.code : 'InternalError'
      const description = error instanceof Error ? error.message.slice(0, 255) : ''
      this.#counts.callErrors++
      this.#send([CALLERROR, id, code, description, {}])
      return
    }
    this.#send([CALLRESULT, id, answered.answer])
    void this.#follow(answered)
  }

  /** It may stumble over what was wrong with the call, now or later: the station goes on. */
  async #follow({ after }: Reply): Promise<void> {
    try {
      await after?.()
    } catch {
      this.#counts.badFrames++
    }
  }

  /** An object in any case: what it has in it is for others to see. */
  #readAnswer(payload: unknown): object {
    if (typeof payload === 'object' && payload !== null) return payload
    this.#counts.badFrames++
    return {}
  }
}

function parseFrame(text: string): unknown[] | undefined {
  try {
    const frame: unknown = JSON.parse(text)
    return Array.isArray(frame) ? frame : undefined
  } catch {
    return undefined
  }
}
