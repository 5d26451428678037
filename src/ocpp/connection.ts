import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { ChargingServices } from '../charging/services.ts'
import type {
  ChargePointChannel,
  ChargePointSession,
  ExecutionResult,
} from '../charging/session.ts'
import type { Clock } from '../domain/clock.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Timed, type Wheel, WheelTimer } from '../lib/wheel.ts'
import { findInbound } from './action.ts'
import { fitReason } from './close-reason.ts'
import { executeCommand } from './execute-command.ts'
import { type CallFrame, type FaultyFrame, type Frame, parseFrame, renderError } from './frame.ts'
import { type OcppObserver, UNKNOWN_ACTION } from './observer.ts'
import type { OcppOptions } from './ocpp-options.ts'
import { type CallOutcome, type CallSender, OutgoingCalls, toOutcome } from './outgoing-calls.ts'
import type { Protocol } from './protocol.ts'
import { answerCall } from './route-call.ts'
import { codeOf, FRAME_FAULTS, type RpcFault } from './rpc-error.ts'
import { attach, type SocketOwner } from './socket-owner.ts'
import { textFrame } from './text-frame.ts'
import type { WireLog } from './wire-log.ts'

// What passes through here: frames of one charge point, in order. Its calls are handled one at a time,
// ours to it go one at a time, and the two directions don't wait for each other.
// There may be a hundred thousand of these: what is rarely needed is made when it is needed.

/** What all connections of one version share. */
export interface ConnectionContext {
  readonly protocol: Protocol
  readonly services: ChargingServices
  readonly options: OcppOptions
  readonly observer: OcppObserver
  readonly wireLog: WireLog
  readonly wheel: Wheel
  readonly clock: Clock
  /** Milliseconds that only grow: nobody is cut off because the clock is set. Also the wheel's. */
  readonly monotonic: () => number
  /** 0 to 1. */
  readonly random: () => number
  /** Once, when the socket is closed. */
  readonly onClosed: (connection: Connection, cause: string) => void
}

/** `readyState` of a socket. */
const OPEN = 1
const GOING_AWAY = 1001
const UNSUPPORTED_DATA = 1003
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011
const REPEATED = 'A call with this id is being handled'
/** Of the intervals between pings, so that those who came at once are not pinged at once for ever. */
const JITTER = 0.1
/** A longer frame counts as several: reading a megabyte takes as long as handling hundreds of short ones. */
const BYTES_PER_FRAME = 4096

type State = 'open' | 'retiring' | 'closing' | 'closed'

export class Connection implements ChargePointChannel, CallSender, SocketOwner, Timed {
  readonly session: ChargePointSession
  readonly #socket: WebSocket
  /** Below it; for what we say. */
  readonly #wire: Duplex
  readonly #context: ConnectionContext
  readonly #timer: WheelTimer
  #state: State = 'open'
  /** Why it ends, as soon as that is known. */
  #cause: string | undefined
  /** Id of the call that is being handled. */
  #handling: string | undefined
  #handlingSince = 0
  #waiting: CallFrame[] | undefined
  #outgoing: OutgoingCalls | undefined
  /** When the frames so far would have come at the allowed rate (GCRA, a token bucket in one number). */
  #chargedUntil = 0
  /** By the monotonic clock, as all times here. */
  #heardAt: number
  #pingDueAt: number
  #isPinged = false

  constructor(
    session: ChargePointSession,
    { socket, wire }: { readonly socket: WebSocket; readonly wire: Duplex },
    context: ConnectionContext,
  ) {
    this.session = session
    this.#socket = socket
    this.#wire = wire
    this.#context = context
    this.#timer = new WheelTimer(this)
    this.#heardAt = this.now()
    this.#pingDueAt = this.#heardAt + context.options.pingIntervalMs * (1 - context.random() / 2)
    attach(socket, this)
    this.rearm()
  }

  now(): number {
    return this.#context.monotonic()
  }

  /** False: it is closing, and carries nothing any more. */
  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'retiring'
  }

  execute(kind: string, parameters: JsonObject): Promise<ExecutionResult> {
    const { protocol, observer } = this.#context
    const call = (action: string, payload: object) => this.#outgoingCalls().call(action, payload)
    return executeCommand(kind, parameters, this.session, { protocol, observer, call })
  }

  /** By decision of ours: another connection has taken its place, or an operator says so. */
  close(reason: string): void {
    this.#close(POLICY_VIOLATION, reason, 'closed-by-us')
  }

  /** Closes because this instance stops: after what is under way is answered; nothing new is begun. */
  retire(): void {
    if (this.#state !== 'open') return
    this.#waiting = undefined
    this.#state = 'retiring'
    this.#goAwayIfIdle()
  }

  /** Without a closing handshake. */
  terminate(cause: string): void {
    this.#end(cause)
    this.#socket.terminate()
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    this.#noteLife()
    if (!this.isOpen) return
    if (isBinary) {
      this.#context.observer.fault(this.session.id, 'binary', 'a binary frame')
      this.#close(UNSUPPORTED_DATA, 'frames are text', 'binary')
      return
    }
    const overMs = this.#charge(1 + Math.floor(data.length / BYTES_PER_FRAME))
    const text = data.toString()
    if (overMs > 0) this.#refuseFlood(text, overMs)
    else {
      this.#context.wireLog.record(this.session.id, 'in', text, this.session.lastSeenAt)
      this.#receive(parseFrame(text))
    }
  }

  onPong(): void {
    const isAsked = this.#isPinged
    this.#noteLife()
    if (!isAsked) this.#chargeControlFrame()
  }

  /** `ws` has answered it. */
  onPing(): void {
    this.#noteLife()
    this.#chargeControlFrame()
  }

  onSocketError(error: Error): void {
    const { code } = error as NodeJS.ErrnoException
    const isTooLarge = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    const fault = isTooLarge ? 'too-large' : 'websocket'
    // Network errors are no fault of a frame.
    if (code?.startsWith('WS_') === true) {
      this.#context.observer.fault(this.session.id, fault, error.message)
      this.#end(fault)
    } else this.#end('network')
  }

  onSocketClosed(code: number): void {
    if (this.#state === 'closed') return
    this.#end(code === 1006 ? 'network' : 'closed-by-station')
    this.#state = 'closed'
    this.#context.wheel.clear(this.#timer)
    this.#context.onClosed(this, this.#cause ?? 'network')
  }

  onDue(now: number): void {
    if (!this.isOpen) return
    this.#outgoing?.onDue(now)
    this.#goAwayIfIdle()
    if (now >= this.#pingDueAt) this.#checkLife(now)
    if (this.isOpen) this.rearm()
  }

  sendCall(text: string): boolean {
    if (this.#state !== 'open') return false
    return this.#send(text)
  }

  /** For whatever comes first: the ping, or the end of waiting for an answer. */
  rearm(): void {
    if (!this.isOpen) return
    const dueAt = Math.min(this.#pingDueAt, this.#outgoing?.dueAt ?? Number.POSITIVE_INFINITY)
    this.#context.wheel.set(this.#timer, dueAt)
  }

  #receive(frame: Frame): void {
    switch (frame.kind) {
      case 'call':
        this.#receiveCall(frame)
        return
      case 'result':
      case 'error':
        this.#receiveAnswer(frame.id, toOutcome(frame))
        return
      case 'faulty':
        this.#receiveFaulty(frame)
        return
      case 'empty':
        return
    }
  }

  #receiveCall(call: CallFrame): void {
    if (this.#state === 'retiring') return
    if (this.#isKnown(call.id)) this.#refuseRepeated(call)
    else if (this.#handling === undefined) void this.#work(call)
    else this.#letWait(call)
  }

  /** It has given up waiting for our answer, or it doesn't wait at all: both happen (1.6J §4.1.1). */
  #letWait(call: CallFrame): void {
    this.#waiting ??= []
    if (this.#waiting.length < this.#context.options.callsWaitingMax) this.#waiting.push(call)
    else this.#refuse(call.id, 'too-many', 'Too many calls at once: wait for the answers')
  }

  #isKnown(id: string): boolean {
    if (this.#handling === undefined) return false
    return this.#handling === id || (this.#waiting?.some((call) => call.id === id) ?? false)
  }

  async #work(first: CallFrame): Promise<void> {
    let call: CallFrame | undefined = first
    while (call !== undefined) {
      this.#handling = call.id
      this.#handlingSince = this.now()
      const answer = await answerCall(call, this, this.#context)
      if (answer === undefined) this.#close(INTERNAL_ERROR, 'it can’t be stored now', 'not-stored')
      else this.#send(answer)
      this.#handling = undefined
      call = this.#waiting?.shift()
    }
    this.#waiting = undefined
    this.#goAwayIfIdle()
  }

  #receiveAnswer(id: string, outcome: CallOutcome): void {
    if (this.#outgoing?.answered(id, outcome) === true) {
      this.#goAwayIfIdle()
      return
    }
    const { observer } = this.#context
    observer.fault(this.session.id, 'unmatched-answer', 'nobody waits for this answer')
  }

  #receiveFaulty({ fault, id, isAnswer, description }: FaultyFrame): void {
    const { protocol, observer } = this.#context
    observer.fault(this.session.id, fault, description)
    if (isAnswer) {
      this.#outgoing?.answered(id ?? '', { kind: 'unreadable', reason: description })
      this.#goAwayIfIdle()
      return
    }
    // 1.6 ignores unknown types, and has no id for an answer to what can't be read (1.6J §4.2).
    if (protocol.version === '1.6' && (fault === 'message-type' || id === undefined)) return
    this.#send(renderError(id ?? '-1', codeOf(protocol.version, FRAME_FAULTS[fault]), description))
  }

  #refuseRepeated({ id, action }: CallFrame): void {
    const { protocol, observer } = this.#context
    const isGuaranteed = findInbound(protocol.actions, action)?.isGuaranteed === true
    // Some tell it again under the same id if it takes long: an error would be taken for the answer.
    if (isGuaranteed) observer.fault(this.session.id, 'repeated-id', REPEATED)
    else this.#refuse(id, 'repeated-id', REPEATED)
  }

  /** Answered without being handled. */
  #refuse(id: string, fault: RpcFault, description: string): void {
    const { protocol, observer } = this.#context
    observer.fault(this.session.id, fault, description)
    this.#send(renderError(id, codeOf(protocol.version, fault), description))
  }

  #refuseFlood(text: string, overMs: number): void {
    if (this.#isFlood(overMs)) {
      this.#endFlood()
      return
    }
    const frame = parseFrame(text)
    if (frame.kind === 'call') this.#refuse(frame.id, 'too-many', 'Too many messages: slow down')
    else this.#receive(frame)
  }

  /** As much again as is allowed at once, although it has been told. */
  #isFlood(overMs: number): boolean {
    const { framesBurstMax, framesPerSecondMax } = this.#context.options
    return overMs > (framesBurstMax / framesPerSecondMax) * 1000
  }

  #endFlood(): void {
    this.#context.observer.fault(this.session.id, 'flood', 'it goes on sending too much')
    this.#close(POLICY_VIOLATION, 'too many messages', 'flood')
  }

  /** Pings, and pongs that nobody has asked for: nothing is refused, so only a flood counts. */
  #chargeControlFrame(): void {
    if (this.isOpen && this.#isFlood(this.#charge(1))) this.#endFlood()
  }

  /**
   * @param frames that it counts for; the longest one that may come is never a flood by itself
   * @returns by how many milliseconds it is ahead of what is allowed; 0: it isn't
   */
  #charge(frames: number): number {
    const now = this.#heardAt
    const { framesPerSecondMax, framesBurstMax } = this.#context.options
    const frameMs = 1000 / framesPerSecondMax
    const costMs = Math.min(frames, framesBurstMax / 2) * frameMs
    this.#chargedUntil = Math.max(this.#chargedUntil, now) + costMs
    return Math.max(0, this.#chargedUntil - now - framesBurstMax * frameMs)
  }

  #send(text: string): boolean {
    // It may know already that the other end is gone, before it says so.
    if (!this.isOpen || this.#socket.readyState !== OPEN) return false
    if (this.#socket.bufferedAmount > this.#context.options.bufferedMaxBytes) {
      this.#context.observer.ended(this.session.id, 'slow-reader', 'it reads too slowly')
      this.terminate('slow-reader')
      return false
    }
    this.#context.wireLog.record(this.session.id, 'out', text, this.#context.clock.now())
    this.#wire.write(textFrame(text))
    return true
  }

  #noteLife(): void {
    this.session.lastSeenAt = this.#context.clock.now()
    this.#heardAt = this.now()
    this.#isPinged = false
  }

  #checkLife(now: number): void {
    const { pingIntervalMs, pongTimeoutMs } = this.#context.options
    if (this.#isStuck(now)) {
      // Its next connection begins anew, and tells it again.
      this.#context.observer.bug(this.session.id, UNKNOWN_ACTION, 'a call was never answered')
      this.terminate('stuck')
    } else if (this.#isPinged) {
      this.#context.observer.ended(this.session.id, 'no-pong', 'it answers no ping')
      this.terminate('no-pong')
    } else if (now - this.#heardAt >= pingIntervalMs * (1 - JITTER)) {
      this.#isPinged = true
      this.#pingDueAt = now + pongTimeoutMs
      this.#socket.ping()
    } else {
      const jitter = 1 + JITTER * (2 * this.#context.random() - 1)
      this.#pingDueAt = this.#heardAt + pingIntervalMs * jitter
    }
  }

  #isStuck(now: number): boolean {
    const { handlingMaxMs } = this.#context.options
    return this.#handling !== undefined && now - this.#handlingSince > handlingMaxMs
  }

  #outgoingCalls(): OutgoingCalls {
    if (this.#outgoing === undefined) {
      this.#outgoing = new OutgoingCalls(this, this.#context.options)
      if (this.#state !== 'open') this.#outgoing.close('the connection is closed')
    }
    return this.#outgoing
  }

  #goAwayIfIdle(): void {
    if (this.#state !== 'retiring') return
    if (this.#handling !== undefined || this.#outgoing?.isBusy === true) return
    this.#close(GOING_AWAY, 'this instance is stopping', 'retired')
  }

  #close(code: number, reason: string, cause: string): void {
    if (!this.isOpen) return
    this.#end(cause)
    this.#socket.close(code, fitReason(reason))
  }

  /** From now on nothing is sent or handled. */
  #end(cause: string): void {
    if (!this.isOpen) return
    this.#state = 'closing'
    this.#cause ??= cause
    this.#waiting = undefined
    this.#context.wheel.clear(this.#timer)
    this.#outgoing?.close('the connection is closed')
  }
}
