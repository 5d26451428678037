import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// Stands in front of any Kinesis endpoint and fails PutRecords as the service and its emulators are known
// to: LocalStack's KINESIS_ERROR_PROBABILITY names each record as failed and counts one; the service
// itself fails some of a call, throttles, answers 500, or not at all.

export const KINESIS_FAULTS = {
  /** 200, every record failed, FailedRecordCount 1; nothing is stored. */
  all: 'every record of a call fails, and FailedRecordCount says 1',
  /** 200, about half of the records failed; the others are stored. */
  subset: 'about half of the records of a call fail',
  throttle: 'HTTP 400 ProvisionedThroughputExceededException',
  error: 'HTTP 500 InternalFailure',
  hang: 'no answer; nothing is stored',
  reset: 'the connection ends; nothing is stored',
  /** What only an idempotent consumer survives. */
  lost: 'everything is stored, but the connection ends before the answer',
} as const

export type KinesisFault = keyof typeof KINESIS_FAULTS

export interface KinesisFaultsOptions {
  /** Where the real one is: http://127.0.0.1:4568 */
  readonly target: string
  readonly port?: number
  /** Which fault befalls this call; undefined: none. */
  readonly choose: () => KinesisFault | undefined | Promise<KinesisFault | undefined>
  readonly random?: () => number
}

export interface KinesisFaultsProxy {
  readonly url: string
  /** So often each has been done. */
  readonly counts: Readonly<Record<KinesisFault | 'none', number>>
  close(): Promise<void>
}

interface PutRecords {
  readonly StreamName: string
  readonly Records: readonly { readonly PartitionKey: string; readonly Data: string }[]
}

const THROTTLED = {
  ErrorCode: 'ProvisionedThroughputExceededException',
  ErrorMessage: 'Rate exceeded for shard shardId-000000000000 in stream events under account 0.',
}

export async function startKinesisFaults(
  options: KinesisFaultsOptions,
): Promise<KinesisFaultsProxy> {
  const counts = { none: 0, all: 0, subset: 0, throttle: 0, error: 0, hang: 0, reset: 0, lost: 0 }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray())
    const isPut = String(request.headers['x-amz-target']).endsWith('.PutRecords')
    const fault = isPut ? await options.choose() : undefined
    if (isPut) counts[fault ?? 'none'] += 1
    switch (fault) {
      case undefined:
        return send(response, await forward(request, body))
      case 'all': {
        const { Records } = JSON.parse(body.toString()) as PutRecords
        return sendJson(response, 200, {
          FailedRecordCount: 1,
          Records: Records.map(() => THROTTLED),
        })
      }
      case 'subset':
        return failSome(request, response, JSON.parse(body.toString()) as PutRecords)
      case 'throttle':
        return sendJson(response, 400, {
          __type: THROTTLED.ErrorCode,
          message: THROTTLED.ErrorMessage,
        })
      case 'error':
        return sendJson(response, 500, { __type: 'InternalFailure', message: 'injected' })
      case 'hang':
        return
      case 'reset':
        response.destroy()
        return
      case 'lost':
        await forward(request, body)
        response.destroy()
    }
  }

  async function failSome(
    request: IncomingMessage,
    response: ServerResponse,
    put: PutRecords,
  ): Promise<void> {
    const { random = Math.random } = options
    const fails = put.Records.map(() => random() < 0.5)
    const kept = put.Records.filter((_, index) => !fails[index])
    const stored =
      kept.length === 0
        ? []
        : (JSON.parse(
            (
              await forward(request, Buffer.from(JSON.stringify({ ...put, Records: kept })))
            ).body.toString(),
          ).Records as object[])
    const answers = stored.values()
    const Records = fails.map((isFailed) => (isFailed ? THROTTLED : answers.next().value))
    sendJson(response, 200, { FailedRecordCount: fails.filter(Boolean).length, Records })
  }

  async function forward({ method = 'POST', url = '/', headers }: IncomingMessage, body: Buffer) {
    // Emulators believe any signature, also that of a body that has become shorter.
    const { 'content-length': _length, host: _host, connection: _, ...rest } = headers
    const answered = await fetch(new URL(url, options.target), {
      method,
      headers: rest as Record<string, string>,
      body,
    })
    return {
      status: answered.status,
      type: answered.headers.get('content-type') ?? 'application/x-amz-json-1.1',
      body: Buffer.from(await answered.arrayBuffer()),
    }
  }
}

function send(
  response: ServerResponse,
  { status, type, body }: { readonly status: number; readonly type: string; readonly body: Buffer },
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body)
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value))
  send(response, { status, type: 'application/x-amz-json-1.1', body })
}
