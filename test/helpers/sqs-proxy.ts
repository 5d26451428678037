import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export type SqsFault = 'error' | 'reset'

/** Stands before SQS and fails what a test wants to fail. */
export interface SqsProxy {
  readonly endpoint: string
  /** Requests that arrived, by operation, such as ReceiveMessage. */
  readonly counts: ReadonlyMap<string, number>
  /** From now on this operation is answered with 500, or its connection is cut; undefined mends it. */
  fail(operation: string, fault: SqsFault | undefined): void
}

const ERROR_BODY = JSON.stringify({ __type: 'com.amazonaws.sqs#InternalError', message: 'no' })

export async function startSqsProxy(
  t: { after(close: () => unknown): void },
  upstream: string,
): Promise<SqsProxy> {
  const counts = new Map<string, number>()
  const faults = new Map<string, SqsFault>()
  const server = createServer((incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target']).replace('AmazonSQS.', '')
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    const fault = faults.get(operation)
    if (fault === 'reset') {
      incoming.socket.resetAndDestroy()
      return
    }
    if (fault === 'error') {
      outgoing.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' }).end(ERROR_BODY)
      return
    }
    const { method, url, headers } = incoming
    const forwarded = request(`${upstream}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    fail(operation, fault) {
      if (fault === undefined) faults.delete(operation)
      else faults.set(operation, fault)
    },
  }
}
