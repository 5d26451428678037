import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface StreamEvent {
  readonly event: string
  readonly data: Record<string, unknown>
}

/** A client of a server-sent event stream over a real socket. */
export interface EventStream {
  readonly response: IncomingMessage
  readonly comments: string[]
  /** The next event; undefined when the stream has ended. */
  next(): Promise<StreamEvent | undefined>
  close(): void
}

export async function openStream(
  app: FastifyInstance,
  path: string,
  token: string,
): Promise<EventStream> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${token}` }
  const call: ClientRequest = request({ host: '127.0.0.1', port, path, headers, agent: false })
  call.on('error', () => {})
  call.end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  const comments: string[] = []
  const events = readEvents(response, comments)
  return {
    response,
    comments,
    async next() {
      const { value, done } = await events.next()
      return done === true ? undefined : value
    },
    close: () => call.destroy(),
  }
}

async function* readEvents(
  response: IncomingMessage,
  comments: string[],
): AsyncGenerator<StreamEvent> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      if (block.startsWith(':')) comments.push(block)
      else yield parseBlock(block)
    }
  }
}

function parseBlock(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const [name = '', ...rest] = line.split(': ')
      return [name, rest.join(': ')] as const
    }),
  )
  return { event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? 'null') }
}
