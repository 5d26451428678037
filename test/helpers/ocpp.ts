import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import { pino } from 'pino'
import { type ClientOptions, WebSocket } from 'ws'
import type { Admission, Introduction } from '../../src/charging/admission.ts'
import type { ChargingServices } from '../../src/charging/services.ts'
import type { ChargePointSession } from '../../src/charging/session.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { registerWebsockets } from '../../src/http/websockets.ts'
import type { ActionTable } from '../../src/ocpp/action.ts'
import { Gateway, type GatewayDeps } from '../../src/ocpp/gateway.ts'
import { DEFAULT_OCPP_OPTIONS, type OcppOptions } from '../../src/ocpp/ocpp-options.ts'

interface Test {
  after(close: () => unknown): void
}

/** What a test says to a gateway, and what it answers, as frames. */
export class Station {
  readonly socket: WebSocket
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly #frames: unknown[][] = []
  #waiting: ((frame: unknown[]) => void)[] = []

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#frames.push(frame)
      else waiting(frame)
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
  }

  /** An array is a frame, a text is sent as it is. */
  send(frame: unknown[] | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  next(): Promise<any[]> {
    const frame = this.#frames.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async ask(frame: unknown[] | string): Promise<any[]> {
    this.send(frame)
    return this.next()
  }

  /** Frames that have come and nobody has read. */
  get unread(): readonly unknown[][] {
    return this.#frames
  }
}

export interface TestClock {
  time: number
  now(): number
}

export const STUB_16: ActionTable = {
  BootNotification: {
    from: {
      beforeAcceptance: true,
      async handle({ session, services }) {
        session.registration = 'accepted'
        const currentTime = new Date(services.clock.now()).toISOString()
        return { status: 'Accepted', currentTime, interval: 300 }
      },
    },
  },
  Heartbeat: {
    from: {
      handle: async ({ services }) => ({
        currentTime: new Date(services.clock.now()).toISOString(),
      }),
    },
  },
  MeterValues: { from: { handle: async () => ({}) } },
  StatusNotification: { from: { handle: async () => ({}) } },
  Reset: {
    to: {
      kind: 'reset',
      compose: (parameters: JsonObject) => ({ type: parameters['type'] ?? 'Soft' }),
      read: ({ status }: { status: string }) => ({
        state: status === 'Accepted' ? 'accepted' : 'rejected',
        answer: { status },
      }),
    },
  },
  RemoteStartTransaction: {
    to: {
      kind: 'start-charging',
      compose: () => ({ idTag: 'TAG' }),
      read: ({ status }: { status: string }) => ({
        state: status === 'Accepted' ? 'accepted' : 'rejected',
      }),
    },
  },
}

export const STUB_201: ActionTable = {
  BootNotification: {
    from: {
      beforeAcceptance: true,
      handle: async ({ services }) => ({
        status: 'Accepted',
        currentTime: new Date(services.clock.now()).toISOString(),
        interval: 300,
      }),
    },
  },
  Heartbeat: STUB_16['Heartbeat'] ?? {},
  StatusNotification: { from: { handle: async () => ({}) } },
  Reset: {
    to: {
      kind: 'reset',
      compose: () => ({ type: 'OnIdle' }),
      read: ({ status }: { status: string }) => ({
        state: status === 'Accepted' ? 'accepted' : 'rejected',
      }),
    },
  },
  TriggerMessage: {
    to: {
      kind: 'trigger-message',
      compose: () => ({ requestedMessage: 'BootNotification' }),
      read: () => ({ state: 'accepted' }),
    },
  },
}

/** An action of a stub table whose handler the test brings. */
export function withHandler(
  action: string,
  handle: (request: any, session: ChargePointSession) => Promise<object>,
): ActionTable {
  return {
    ...STUB_16,
    [action]: { from: { handle: ({ request, session }) => handle(request, session) } },
  }
}

export interface GatewaySetup {
  readonly options?: Partial<OcppOptions>
  readonly actions?: GatewayDeps['actions']
  readonly admit?: (id: string, introduction: Introduction) => Promise<Admission>
  readonly registration?: ChargePointSession['registration']
  readonly leniency?: readonly string[]
  readonly trustedProxies?: readonly string[]
  /** False: the test starts it. */
  readonly isStarted?: boolean
}

/** A gateway on a port of its own; everybody is admitted, unless the test says otherwise. */
export async function startGateway(t: Test, setup: GatewaySetup = {}) {
  const { registration = 'accepted', leniency, trustedProxies = [], isStarted = true } = setup
  const metrics = createMetrics()
  const logLines: JsonObject[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const clock = { now: () => Date.now() }
  const events: string[] = []
  let epoch = 0
  const session = (id: string, protocol: '1.6' | '2.0.1'): ChargePointSession => {
    epoch += 1
    return { id, protocol, epoch, registration, lastSeenAt: clock.now(), leniency }
  }
  const gateway = new Gateway({
    admissions: {
      admit: setup.admit ?? (async (id, { protocol }) => ({ session: session(id, protocol) })),
    },
    presence: {
      joined: (channel) => events.push(`joined ${channel.session.epoch}`),
      left: (channel) => events.push(`left ${channel.session.epoch}`),
    },
    // The stub actions need nothing else.
    services: { clock } as ChargingServices,
    actions: setup.actions ?? { '1.6': STUB_16, '2.0.1': STUB_201 },
    options: { ...DEFAULT_OCPP_OPTIONS, wireLogMaxBytes: 262_144, ...setup.options },
    trustedProxies,
    metrics,
    logger: pino({ level: 'trace' }, destination),
    clock,
  })
  const app = Fastify()
  await registerWebsockets(app, [gateway])
  await app.register(gateway.routes)
  await app.listen({ host: '127.0.0.1', port: 0 })
  if (isStarted) gateway.start()
  const { port } = app.server.address() as AddressInfo
  const stations: WebSocket[] = []
  t.after(async () => {
    for (const socket of stations) socket.terminate()
    await app.close()
  })
  /** Not awaited: also for those who are refused. */
  const open = (path: string, protocols: string[], options: ClientOptions = {}): Station => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, {
      perMessageDeflate: false,
      ...options,
    })
    stations.push(socket)
    return new Station(socket)
  }
  const connect = async (id: string, protocol = 'ocpp1.6', options: ClientOptions = {}) => {
    const station = open(`/ocpp/${encodeURIComponent(id)}`, [protocol], options)
    await once(station.socket, 'open')
    return station
  }
  return { gateway, app, port, metrics, logLines, events, session, open, connect }
}

export type TestGateway = Awaited<ReturnType<typeof startGateway>>

/** What one label of a metric has counted. */
export async function countOf(
  { metrics }: Pick<TestGateway, 'metrics'>,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const metric = await metrics.registry.getSingleMetric(name)?.get()
  const values = metric?.values ?? []
  const wanted = Object.entries(labels)
  const matching = values.filter((value) =>
    wanted.every(([label, text]) => (value.labels as Record<string, unknown>)[label] === text),
  )
  return matching.reduce((sum, { value }) => sum + value, 0)
}
