import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { createWebSocketStream, type WebSocket } from 'ws'

/** Of one message; the largest that MQTT clients send here is 128 KiB with its topic. */
const PAYLOAD_MAX_BYTES = 262_144
/** Clients that don't answer the closing handshake are cut off. */
const CLOSE_GRACE_MS = 2000
const GOING_AWAY = 1001

/** Which subprotocols a path speaks, best first; each WebSocket route adds its own. */
const SUBPROTOCOLS: readonly (readonly [path: string, protocols: readonly string[]])[] = [
  // MQTT 3.1.1 §6: `mqtt`; old clients of version 3.1 say `mqttv3.1`.
  ['/mqtt', ['mqtt', 'mqttv3.1']],
]

/**
 * Takes the upgrades of its paths before Fastify sees them: a connection that came through a route
 * holds about 10 KB more for as long as it is open.
 */
export interface UpgradeRoute {
  /** Of the path, e.g. `/ocpp/`. */
  readonly prefix: string
  /** Answers, or takes the socket over; never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** One WebSocket server for all routes of Fastify's; a route chooses its subprotocol by its path. */
export async function registerWebsockets(
  app: FastifyInstance,
  upgradeRoutes: readonly UpgradeRoute[] = [],
): Promise<void> {
  const upgrades = new EventEmitter()
  app.server.on('upgrade', (request, socket, head) => {
    const route = upgradeRoutes.find(({ prefix }) => request.url?.startsWith(prefix) === true)
    if (route === undefined) upgrades.emit('upgrade', request, socket, head)
    else route.upgrade(request, socket, head)
  })
  await app.register(fastifyWebsocket, {
    options: {
      // All that it wants of a server is its upgrades.
      server: upgrades as Server,
      maxPayload: PAYLOAD_MAX_BYTES,
      perMessageDeflate: false,
      handleProtocols: (offered, request) => chooseSubprotocol(offered, request.url ?? ''),
    },
    errorHandler: (error, socket, request) => {
      request.log.debug({ err: error }, 'WebSocket failed')
      socket.terminate()
    },
    preClose: async () => closeSockets(app.websocketServer.clients),
  })
}

export function chooseSubprotocol(offered: ReadonlySet<string>, url: string): string | false {
  const [path] = url.split('?')
  const spoken = SUBPROTOCOLS.find(([route]) => route === path)?.[1] ?? []
  return spoken.find((protocol) => offered.has(protocol)) ?? false
}

async function closeSockets(sockets: ReadonlySet<WebSocket>): Promise<void> {
  const closed = [...sockets].map((socket) => closeSocket(socket))
  await Promise.all(closed)
}

function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.close(GOING_AWAY, 'this instance is stopping')
  })
}

/** MQTT over WebSocket. No token here: the broker asks each client for its own. */
export function registerMqttSocket(
  app: FastifyInstance,
  handle: (stream: Duplex, request: IncomingMessage) => void,
): void {
  app.get('/mqtt', { websocket: true, config: { rateLimit: false } }, (socket, request) => {
    const stream = createWebSocketStream(socket)
    // Whatever the broker listens to: an error of one client must not end the process.
    stream.on('error', (error) => request.log.debug({ err: error }, 'MQTT over WebSocket failed'))
    handle(stream, request.raw)
  })
}
