import { parseArgs } from 'node:util'
import { type WebSocket, WebSocketServer } from 'ws'

// The least that a server of charge points can be: `ws`, which parses each call, answers it, and keeps
// the newest connection of each id. It checks, stores and knows nothing.

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })

/** permessage-deflate with as little memory as `ws` can be set to. */
const TUNED = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 9,
  zlibDeflateOptions: { chunkSize: 1024, memLevel: 1 },
  zlibInflateOptions: { chunkSize: 1024 },
  threshold: 1024,
}
const ACCEPTED = { idTagInfo: { status: 'Accepted' } }

const newest = new Map<string, WebSocket>()
let transactions = 0

const answers: Readonly<Record<string, () => object>> = {
  BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 300 }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: () => ACCEPTED,
  StartTransaction: () => {
    transactions += 1
    return { ...ACCEPTED, transactionId: transactions }
  },
  StopTransaction: () => ACCEPTED,
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(values.port),
  perMessageDeflate: TUNED,
  clientTracking: false,
})
server.on('connection', (socket, { url = '' }) => {
  newest.get(url)?.terminate()
  newest.set(url, socket)
  socket.on('message', onMessage)
  socket.on('error', ignore)
})
server.on('listening', () => process.send?.((server.address() as { port: number }).port))
process.once('disconnect', () => process.exit())

function onMessage(this: WebSocket, data: Buffer): void {
  const [, id, action] = JSON.parse(data.toString())
  this.send(JSON.stringify([3, id, answers[action]?.() ?? {}]))
}

function now(): string {
  return new Date().toISOString()
}

function ignore(): void {}
