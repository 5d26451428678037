import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request to OpenSearch, before it is forwarded. */
export interface ProxiedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One operation of a bulk. */
export interface ProxiedOperation {
  readonly action: 'create' | 'index' | 'delete' | 'update'
  /** As the operation or the path names it. */
  readonly index: string
  readonly id: string
  /** Text of the document; empty for a delete. */
  readonly document: string
}

export interface ItemFault {
  readonly status: number
  readonly type?: string
  readonly reason?: string
}

export type Fault =
  /** OpenSearch isn't asked; this is the answer. */
  | { readonly answer: number; readonly body?: object; readonly headers?: Record<string, string> }
  /** Of a bulk, OpenSearch gets the operations for which this says nothing. */
  | { readonly items: (operation: ProxiedOperation) => ItemFault | undefined }
  /** The connection breaks: before OpenSearch has heard of it, or after it has done it. */
  | { readonly drop: 'before' | 'after' }
  /** No answer, for as long as the client waits; OpenSearch has done it, or has not heard of it. */
  | { readonly hang: 'before' | 'after' }

export type FaultRule = (request: ProxiedRequest) => Fault | undefined

export interface OpenSearchProxy {
  readonly url: string
  /** From now on, until the next call; without a rule everything passes. */
  use(rule?: FaultRule): void
  /** Requests so far whose `METHOD /path` matches. */
  count(pattern: RegExp): number
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** Different paths that are counted; a fault test asks for a few. */
const PATHS_MAX = 10_000

/** Stands between Fleetgrid and a real OpenSearch and breaks what a test tells it to. */
export async function startOpenSearchProxy(target: string): Promise<OpenSearchProxy> {
  const agent = new Agent({ keepAlive: true })
  const counts = new Map<string, number>()
  let rule: FaultRule | undefined
  const server = createServer((incoming, response) => {
    void handle(incoming, response).catch(() => response.destroy())
  })

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming)
    const url = incoming.url ?? '/'
    const { method = 'GET' } = incoming
    const path = url.split('?')[0] ?? '/'
    const name = `${method} ${path}`
    if (counts.size < PATHS_MAX) counts.set(name, (counts.get(name) ?? 0) + 1)
    const forward = (sent: Buffer) => ask(agent, target, incoming, sent)
    const fault = rule?.({ method, path, headers: incoming.headers, body })
    if (fault === undefined) send(response, await forward(body))
    else if ('answer' in fault) send(response, invented(fault))
    else if ('items' in fault) send(response, await partly(path, body, fault.items, forward))
    else {
      const [moment] = Object.values(fault)
      if (moment === 'after') await forward(body)
      if ('drop' in fault) response.destroy()
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    use(next) {
      rule = next
    },
    count(pattern) {
      let sum = 0
      for (const [name, count] of counts) if (pattern.test(name)) sum += count
      return sum
    },
    async close() {
      server.closeAllConnections()
      server.close()
      agent.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function ask(
  agent: Agent,
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = incoming.headers
  const outgoing = request(new URL(incoming.url ?? '/', target), {
    agent,
    method: incoming.method ?? 'GET',
    headers: { ...headers, 'content-length': String(body.length) },
  })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return {
    status: answer.statusCode ?? 502,
    headers: answer.headers,
    body: await readAll(answer),
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const { connection: _, 'transfer-encoding': __, 'content-length': ___, ...rest } = headers
  response.writeHead(status, { ...rest, 'content-length': body.length })
  response.end(body)
}

function invented(fault: Extract<Fault, { answer: number }>): Answer {
  const { answer: status, body, headers } = fault
  const error = { type: 'proxy_fault', reason: 'told to by a test' }
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: Buffer.from(JSON.stringify(body ?? { error, status })),
  }
}

async function partly(
  path: string,
  body: Buffer,
  judge: (operation: ProxiedOperation) => ItemFault | undefined,
  forward: (body: Buffer) => Promise<Answer>,
): Promise<Answer> {
  const operations = parseBulk(path, body)
  const faults = operations.map(({ operation }) => judge(operation))
  const passed = operations.filter((_, number) => faults[number] === undefined)
  if (passed.length === operations.length) return forward(body)
  let answer = invented({ answer: 200, body: {} })
  let items: unknown[] = []
  if (passed.length > 0) {
    answer = await forward(Buffer.from(passed.map(({ text }) => text).join('')))
    if (answer.status !== 200) return answer
    items = [...(JSON.parse(String(answer.body)) as { items: unknown[] }).items]
  }
  const merged = operations.map(({ operation }, number) => {
    const fault = faults[number]
    if (fault === undefined) return items.shift()
    const { status, type = 'proxy_fault', reason = 'told to by a test' } = fault
    return { [operation.action]: { _id: operation.id, status, error: { type, reason } } }
  })
  return { ...answer, body: Buffer.from(JSON.stringify({ errors: true, items: merged })) }
}

function parseBulk(path: string, body: Buffer) {
  const lines = body.toString().split('\n')
  const inPath = /^\/([^/_][^/]*)\/_bulk$/.exec(path)?.[1] ?? ''
  const operations: { operation: ProxiedOperation; text: string }[] = []
  for (let at = 0; (lines[at] ?? '') !== ''; ) {
    const line = lines[at] ?? ''
    const [[action, about] = ['index', {}]] = Object.entries(
      JSON.parse(line) as Record<string, { _index?: string; _id?: string }>,
    )
    const hasDocument = action !== 'delete'
    const document = hasDocument ? (lines[at + 1] ?? '') : ''
    operations.push({
      operation: {
        action: action as ProxiedOperation['action'],
        index: about._index ?? inPath,
        id: about._id ?? '',
        document,
      },
      text: hasDocument ? `${line}\n${document}\n` : `${line}\n`,
    })
    at += hasDocument ? 2 : 1
  }
  return operations
}
