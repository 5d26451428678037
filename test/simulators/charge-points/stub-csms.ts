import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Test } from 'tap'
import { OCPP16, OCPP20 } from 'typed-ocpp'
import { type WebSocket, WebSocketServer } from 'ws'
import { until } from '../../helpers/until.ts'

export interface Received {
  readonly stationId: string
  readonly action: string
  readonly payload: any
  /** Of the connection on which it came: 1, 2, … of this station. */
  readonly connection: number
  readonly messageId: string
}

type Answerer = (payload: any, call: Received) => object | 'silence' | { readonly fault: string }

interface Client {
  readonly socket: WebSocket
  readonly number: number
  readonly protocol: string
  readonly authorization: string | undefined
  open: boolean
}

/** A server that believes everything, checks every message against its schema and remembers it. */
export interface StubCsms {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** What was wrong with messages, by their schemas or by the rules of OCPP-J. */
  readonly faults: readonly string[]
  /** Replaces the answer to an action. */
  answer(action: string, answerer: Answerer): void
  of(stationId: string, ...actions: string[]): Received[]
  waitFor(
    stationId: string,
    action: string,
    condition?: (payload: any) => boolean,
  ): Promise<Received>
  /** A call to a station; its answer is checked as well. */
  ask(stationId: string, action: string, payload: object): Promise<any>
  client(stationId: string): Client
  /** Cuts the connection without a word. */
  cut(stationId: string): void
  stop(): Promise<void>
}

const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 })
addFormats.default(ajv)
const validators = new Map<string, ValidateFunction>()

export function describeFault(
  protocol: string,
  action: string,
  direction: 'Request' | 'Response',
  payload: unknown,
): string | undefined {
  const name = `${protocol}/${action}${direction}`
  const schemas: Record<string, object> = protocol === 'ocpp1.6' ? OCPP16.schemas : OCPP20.schemas
  const schema = schemas[`${action}${direction}`]
  if (schema === undefined) return `${name}: no such message`
  const validate = validators.get(name) ?? ajv.compile({ ...schema, additionalProperties: false })
  validators.set(name, validate)
  return validate(payload) ? undefined : `${name}: ${ajv.errorsText(validate.errors)}`
}

export async function startCsms(
  t: Test,
  {
    port = 0,
    admit = () => 200,
    compression = false,
  }: {
    readonly port?: number
    /** An HTTP status; 200 lets it in. */
    readonly admit?: (stationId: string, authorization: string | undefined) => number
    readonly compression?: boolean
  } = {},
): Promise<StubCsms> {
  const received: Received[] = []
  const faults: string[] = []
  const clients = new Map<string, Client>()
  const answerers = new Map<string, Answerer>(Object.entries(createAnswerers()))
  const pending = new Map<string, (frame: any[]) => void>()
  let sequence = 0

  const http = createServer()
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: compression,
    handleProtocols: (offered) => [...offered][0] ?? false,
  })
  http.on('upgrade', (request, socket, head) => {
    const stationId = readId(request)
    const status = admit(stationId, request.headers.authorization)
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
      return
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const client: Client = {
        socket: webSocket,
        number: (clients.get(stationId)?.number ?? 0) + 1,
        protocol: webSocket.protocol,
        authorization: request.headers.authorization,
        open: true,
      }
      clients.set(stationId, client)
      let isBusy = false
      webSocket.on('close', () => {
        client.open = false
      })
      webSocket.on('message', (data) => {
        const frame: any[] = JSON.parse(data.toString())
        if (frame[0] !== 2) {
          pending.get(frame[1])?.(frame)
          return
        }
        const [, messageId, action, payload] = frame
        if (isBusy) faults.push(`${action}: sent while another call was unanswered`)
        if (messageId.length > 36) faults.push(`${action}: id ${messageId} is too long`)
        const fault = describeFault(client.protocol, action, 'Request', payload)
        if (fault !== undefined) faults.push(fault)
        const call = { stationId, action, payload, connection: client.number, messageId }
        const answer = answerers.get(action)?.(payload, call) ?? {}
        received.push(call)
        if (answer === 'silence') {
          isBusy = false
          return
        }
        isBusy = true
        // Later: a station that did not wait for its answer would be found out.
        setImmediate(() => {
          isBusy = false
          if ('fault' in answer)
            webSocket.send(JSON.stringify([4, messageId, answer.fault, '', {}]))
          else webSocket.send(JSON.stringify([3, messageId, answer]))
        })
      })
    })
  })
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address() as AddressInfo

  const stop = async () => {
    for (const { socket } of clients.values()) socket.terminate()
    for (const socket of server.clients) socket.terminate()
    http.closeAllConnections()
    await new Promise<void>((resolve) => http.close(() => resolve()))
  }
  t.teardown(stop)

  const clientOf = (stationId: string): Client => {
    const client = clients.get(stationId)
    if (client === undefined) throw new Error(`${stationId} has never been here`)
    return client
  }
  return {
    url: `ws://127.0.0.1:${address.port}/ocpp`,
    port: address.port,
    received,
    faults,
    answer: (action, answerer) => answerers.set(action, answerer),
    of: (stationId, ...actions) =>
      received.filter((call) => call.stationId === stationId && actions.includes(call.action)),
    waitFor: (stationId, action, condition = () => true) =>
      until(
        () =>
          received.find(
            (call) =>
              call.stationId === stationId && call.action === action && condition(call.payload),
          ),
        { what: `${action} of ${stationId}` },
      ),
    async ask(stationId, action, payload) {
      const { socket, protocol } = clientOf(stationId)
      const id = `server-${++sequence}`
      const bad = describeFault(protocol, action, 'Request', payload)
      if (bad !== undefined) faults.push(`of the test: ${bad}`)
      const frame = await new Promise<any[]>((resolve) => {
        pending.set(id, resolve)
        socket.send(JSON.stringify([2, id, action, payload]))
      })
      pending.delete(id)
      if (frame[0] === 4) return { fault: frame[2], length: frame.length }
      const fault = describeFault(protocol, action, 'Response', frame[2])
      if (fault !== undefined) faults.push(fault)
      return frame[2]
    },
    client: clientOf,
    cut: (stationId) => clientOf(stationId).socket.terminate(),
    stop,
  }
}

function readId(request: IncomingMessage): string {
  return decodeURIComponent((request.url ?? '').split('/').at(-1) ?? '')
}

function createAnswerers(): Record<string, Answerer> {
  const transactions = new Map<string, number>()
  const now = () => new Date().toISOString()
  return {
    BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 300 }),
    Heartbeat: () => ({ currentTime: now() }),
    Authorize: ({ idTag }) =>
      idTag === undefined
        ? { idTokenInfo: { status: 'Accepted' } }
        : { idTagInfo: { status: 'Accepted' } },
    // One that comes again is the same transaction.
    StartTransaction: (payload, { stationId }) => {
      const key = stationId + JSON.stringify(payload)
      const transactionId = transactions.get(key) ?? 101 + transactions.size
      transactions.set(key, transactionId)
      return { transactionId, idTagInfo: { status: 'Accepted' } }
    },
    StopTransaction: () => ({}),
    SignCertificate: () => ({ status: 'Accepted' }),
  }
}
