import { parentPort } from 'node:worker_threads'
import type { HostedService, RemoteFailure, Reply, Request } from './worker-rpc.ts'

/** Streams that nobody reads to their end must not pile up: beyond this the oldest is ended. */
const OPEN_STREAMS_MAX = 16

type Stream = Iterator<unknown> | AsyncIterator<unknown>
type Method = (...args: unknown[]) => unknown

/** Worker side of `WorkerClient`: answers calls to `service` until its `close` was called. */
export function serveWorker(service: HostedService): void {
  const port = parentPort
  if (port === null) throw new Error('serveWorker runs in a worker thread only')
  const streams = new Map<number, Stream>()

  async function answer(request: Request): Promise<Omit<Extract<Reply, { value: unknown }>, 'id'>> {
    if (request.kind === 'call') {
      const method = (service as unknown as Record<string, Method>)[request.method]
      if (method === undefined) throw new Error(`the service has no method ${request.method}`)
      const value = await method.apply(service, request.args)
      const stream = iteratorOf(value)
      if (stream === undefined) return { value }
      await makeRoom()
      streams.set(request.id, stream)
      return { value: request.id }
    }
    const stream = streams.get(request.stream)
    if (stream === undefined) {
      throw Object.assign(new Error('This stream was ended because too many were open.'), {
        code: 'unavailable',
      })
    }
    if (request.kind === 'return') {
      streams.delete(request.stream)
      await stream.return?.()
      return { value: undefined }
    }
    let ended = true
    try {
      const result = await stream.next()
      ended = result.done === true
      return { value: result.value, done: ended }
    } finally {
      if (ended) streams.delete(request.stream)
    }
  }

  async function makeRoom(): Promise<void> {
    if (streams.size < OPEN_STREAMS_MAX) return
    for (const [id, stream] of streams) {
      streams.delete(id)
      await stream.return?.()
      return
    }
  }

  port.on('message', (request: Request) => {
    answer(request)
      .then((reply) => port.postMessage({ id: request.id, ...reply }))
      .catch((error: unknown) => port.postMessage({ id: request.id, error: describe(error) }))
  })
}

function iteratorOf(value: unknown): Stream | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Symbol.asyncIterator in value)
    return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]()
  // Arrays, maps and typed arrays are values; only generators are streams.
  if (Symbol.iterator in value && 'next' in value) return value as Iterator<unknown>
  return undefined
}

function describe(error: unknown): RemoteFailure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { code } = error as { code?: unknown }
  const { name, message } = error
  return typeof code === 'string' ? { name, message, code } : { name, message }
}
