import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { Admission, Admissions } from '../charging/admission.ts'
import type { ChargingServices } from '../charging/services.ts'
import type { ChargePointChannel, ChargePointSession } from '../charging/session.ts'
import { CHARGE_POINT_ID, type ProtocolVersion } from '../domain/charge-point.ts'
import type { Clock } from '../domain/clock.ts'
import { FleetgridError } from '../domain/errors.ts'
import type { Metrics } from '../http/metrics.ts'
import type { UpgradeRoute } from '../http/websockets.ts'
import { Wheel } from '../lib/wheel.ts'
import type { ActionTable } from './action.ts'
import { COMPRESSION } from './compression.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import { Connections } from './connections.ts'
import { parseCredentials } from './credentials.ts'
import { Deviations } from './deviations.ts'
import { isWebsocket } from './is-websocket.ts'
import { createOcppObserver, type OcppObserver } from './observer.ts'
import type { OcppOptions } from './ocpp-options.ts'
import { createDescribePeer, type DescribePeer } from './peer.ts'
import { PendingAdmission } from './pending-admission.ts'
import { agreeOnSubprotocol, createProtocol } from './protocol.ts'
import { type LiveSettings, refreshSession } from './refresh-session.ts'
import { type HandshakeRefusal, refuseHandshake } from './refuse-handshake.ts'
import { WireLog } from './wire-log.ts'

// What passes through here: the handshake of a charge point. Its path says who it is, its headers which
// versions it speaks and what proves it; all is decided before the upgrade, while HTTP can still answer.

export interface GatewayDeps {
  readonly admissions: Admissions
  /** Told of each connection that was admitted, once that it is here and once that it is gone. */
  readonly presence: {
    joined(channel: ChargePointChannel, previousInstance: string | undefined): void
    /** Also of one that was gone before it was here; then with where it was before. */
    left(
      channel: { readonly session: ChargePointSession },
      previousInstance?: string | undefined,
    ): void
  }
  readonly services: ChargingServices
  /** Versions without a table are not spoken. */
  readonly actions: Readonly<Partial<Record<ProtocolVersion, ActionTable>>>
  readonly options: OcppOptions
  readonly trustedProxies: readonly string[]
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  /** 0 to 1; for jitter. */
  readonly random?: () => number
}

const PREFIX = '/ocpp/'
const PROTOCOL_ERROR = 1002
const WHEEL_TICK_MS = 100
/** For the closing handshake. */
const CLOSE_GRACE_MS = 2000

/** `closeTimeout` is not in the types yet. */
type UpgraderOptions = ServerOptions & { readonly closeTimeout: number }

type Accepted = Extract<Admission, { session: ChargePointSession }>

/** A handshake that is under way. */
interface Handshake {
  readonly id: string
  readonly version: ProtocolVersion
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

export class Gateway implements UpgradeRoute {
  readonly prefix = PREFIX
  readonly connections = new Connections()
  readonly wireLog: WireLog
  readonly deviations = new Deviations()
  readonly #deps: GatewayDeps
  readonly #wheel: Wheel
  readonly #observer: OcppObserver
  readonly #describePeer: DescribePeer
  readonly #random: () => number
  readonly #contexts: ReadonlyMap<ProtocolVersion, ConnectionContext>
  readonly #upgrader: WebSocketServer
  readonly #pending = new Set<PendingAdmission>()
  #isStarted = false
  #isStopping = false

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#random = deps.random ?? Math.random
    this.wireLog = new WireLog(deps.options.wireLogMaxBytes)
    this.#wheel = new Wheel({ tickMs: WHEEL_TICK_MS, now: monotonic })
    this.#observer = createOcppObserver({
      ...deps,
      onDeviation: (id, action, what) => this.deviations.note(id, action, what, deps.clock.now()),
    })
    this.#describePeer = createDescribePeer(deps.trustedProxies)
    this.#contexts = this.#createContexts()
    const upgraderOptions: UpgraderOptions = {
      noServer: true,
      clientTracking: false,
      maxPayload: deps.options.frameSizeMaxBytes,
      perMessageDeflate: COMPRESSION,
      handleProtocols: (offered) => this.#agree(offered)?.name ?? false,
      closeTimeout: CLOSE_GRACE_MS,
    }
    this.#upgrader = new WebSocketServer(upgraderOptions)
  }

  /** Until then everybody is asked to come again later. */
  start(): void {
    this.#isStarted = true
    this.#wheel.start()
  }

  /** Settings of a charge point have changed: they apply to its connection here, if it has one. */
  refresh(id: string, settings: LiveSettings): void {
    for (const pending of this.#pendingOf(id)) pending.refresh(settings)
    const connection = this.connections.get(id)
    if (connection !== undefined) refreshSession(connection.session, settings)
  }

  /** What it has proved itself by is worth nothing any more: it has to come again. */
  turnAway(id: string, reason: string): void {
    for (const pending of this.#pendingOf(id)) pending.giveUp(reason)
    this.connections.get(id)?.close(reason)
  }

  /**
   * No new connections; those that are here are closed (1001), evenly over the time given and each
   * after the call that is being handled. Resolves when none is left.
   */
  async drain(overMs: number): Promise<void> {
    this.#isStopping = true
    for (const pending of this.#pending) pending.giveUp('this instance is stopping')
    await this.connections.closeAll(overMs)
    this.#wheel.stop()
  }

  /** For browsers and people; and so that closing the server doesn't wait for connections. */
  readonly routes: FastifyPluginAsync = async (app) => {
    const options = { config: { rateLimit: false as const }, schema: { hide: true } }
    app.get(`${PREFIX}:chargePointId`, options, async (_request, reply) => {
      const detail = 'Charge points connect here by WebSocket'
      const problem = { type: 'about:blank', title: 'Upgrade Required', status: 426, detail }
      reply.code(426).header('upgrade', 'websocket').type('application/problem+json')
      return JSON.stringify(problem)
    })
    app.addHook('preClose', () => this.drain(0))
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node has none of its own any more.
    socket.on('error', destroy)
    const id = readId(request.url ?? '')
    const offered = offeredSubprotocols(request)
    const refusal = this.#findRefusal(request, id, offered)
    if (refusal !== undefined || id === undefined) {
      this.#refuse(id, refusal ?? 'bad-id', request, socket)
      return
    }
    const version = this.#agree(offered)?.version
    if (version === undefined) this.#completeAndClose(id, { request, socket, head })
    else void this.#admit({ id, version, request, socket, head })
  }

  /** What can be said without asking anybody. */
  #findRefusal(
    request: IncomingMessage,
    id: string | undefined,
    offered: readonly string[],
  ): HandshakeRefusal | undefined {
    if (!isWebsocket(request)) return 'not-websocket'
    if (id === undefined) return 'bad-id'
    if (this.#isStopping) return 'stopping'
    if (!this.#isStarted) return 'starting'
    if (offered.length === 0) return 'no-subprotocol'
    return this.#pending.size >= this.#deps.options.handshakesMax ? 'busy' : undefined
  }

  #agree(offered: Iterable<string>) {
    return agreeOnSubprotocol(offered, (version) => this.#contexts.has(version))
  }

  async #admit(handshake: Handshake): Promise<void> {
    const { id, request, socket } = handshake
    const pending = new PendingAdmission(id)
    const { handshakeTimeoutMs } = this.#deps.options
    const timer = setTimeout(() => pending.giveUp('it took too long'), handshakeTimeoutMs)
    this.#pending.add(pending)
    const asked = this.#ask(handshake)
    try {
      const admission = await pending.wait(asked)
      pending.settle(admission)
      if ('refusal' in admission) this.#refuse(id, admission.refusal, request, socket)
      else this.#complete(handshake, admission)
    } catch (error) {
      this.#leaveIfAdmitted(asked)
      this.#refuseFailed(id, error, request, socket)
    } finally {
      clearTimeout(timer)
      this.#pending.delete(pending)
    }
  }

  async #ask({ id, version, request }: Handshake): Promise<Admission> {
    return this.#deps.admissions.admit(id, {
      protocol: version,
      credentials: parseCredentials(request.headers.authorization),
      isTls: this.#describePeer(request).isTls,
    })
  }

  /** Who is admitted too late is gone again. */
  #leaveIfAdmitted(asked: Promise<Admission>): void {
    asked.then(
      (admission) => {
        if ('session' in admission) {
          this.#deps.presence.left(admission, admission.previousInstance)
        }
      },
      () => {},
    )
  }

  #refuseFailed(id: string, error: unknown, request: IncomingMessage, socket: Duplex): void {
    const isPlanned = error instanceof FleetgridError
    if (!isPlanned) this.#observer.bug(id, 'handshake', 'a handshake failed', error)
    const planned = this.#isStopping ? 'stopping' : 'unavailable'
    this.#refuse(id, isPlanned ? planned : 'failed', request, socket)
  }

  *#pendingOf(id: string): Generator<PendingAdmission> {
    for (const pending of this.#pending) if (pending.id === id) yield pending
  }

  #complete({ id, version, request, socket, head }: Handshake, admission: Accepted): void {
    const { presence } = this.#deps
    const { session, previousInstance } = admission
    let isUpgraded = false
    socket.removeListener('error', destroy)
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      isUpgraded = true
      this.#join(session, previousInstance, { socket: webSocket, wire: socket }, version)
    })
    if (isUpgraded) return
    // It has hung up meanwhile.
    presence.left({ session }, previousInstance)
    this.#observer.refused(id, 'gone', this.#describePeer(request).address)
  }

  #join(
    session: ChargePointSession,
    previousInstance: string | undefined,
    sockets: { readonly socket: WebSocket; readonly wire: Duplex },
    version: ProtocolVersion,
  ): void {
    const context = this.#contexts.get(version)
    if (context === undefined) throw new Error(`${version} is not spoken`)
    const connection = new Connection(session, sockets, context)
    const isNewest = this.connections.add(connection)
    this.#observer.joined(session.id, version, this.connections.count(version))
    if (isNewest) this.#deps.presence.joined(connection, previousInstance)
  }

  #left(connection: Connection, cause: string): void {
    const { session } = connection
    const { id, protocol } = session
    this.connections.remove(connection)
    this.#observer.left(id, protocol, this.connections.count(protocol), cause)
    this.#deps.presence.left(connection)
  }

  /** 1.6J §3.1.2, 2.0.1 part 4 §3.1.2: the handshake is completed without a subprotocol, then closed. */
  #completeAndClose(
    id: string,
    { request, socket, head }: Pick<Handshake, 'request' | 'socket' | 'head'>,
  ): void {
    this.#observer.refused(id, 'not-agreed', this.#describePeer(request).address)
    socket.removeListener('error', destroy)
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', ignore)
      webSocket.close(PROTOCOL_ERROR, 'no common subprotocol')
    })
  }

  #refuse(
    id: string | undefined,
    refusal: HandshakeRefusal,
    request: IncomingMessage,
    socket: Duplex,
  ): void {
    this.#observer.refused(id ?? '', refusal, this.#describePeer(request).address)
    refuseHandshake(socket, refusal, this.#random)
  }

  #createContexts(): ReadonlyMap<ProtocolVersion, ConnectionContext> {
    const { actions, services, options, clock } = this.#deps
    const contexts = new Map<ProtocolVersion, ConnectionContext>()
    for (const version of ['1.6', '2.0.1'] as const) {
      const table = actions[version]
      if (table === undefined) continue
      contexts.set(version, {
        protocol: createProtocol(version, table),
        services,
        options,
        observer: this.#observer,
        wireLog: this.wireLog,
        wheel: this.#wheel,
        clock,
        monotonic,
        random: this.#random,
        onClosed: (connection, cause) => this.#left(connection, cause),
      })
    }
    return contexts
  }
}

/** The last part of the path, decoded (1.6J §3.1.1: `RDAM%20123`); queries say nothing. */
function readId(url: string): string | undefined {
  const [path = ''] = url.split('?')
  const encoded = path.slice(PREFIX.length).replace(/\/$/, '')
  if (encoded.includes('/')) return undefined
  try {
    const id = decodeURIComponent(encoded)
    return CHARGE_POINT_ID.test(id) ? id : undefined
  } catch {
    return undefined
  }
}

function offeredSubprotocols({ headers }: IncomingMessage): string[] {
  const names = (headers['sec-websocket-protocol'] ?? '').split(',')
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

function destroy(this: Duplex): void {
  this.destroy()
}

function ignore(): void {}

function monotonic(): number {
  return performance.now()
}
