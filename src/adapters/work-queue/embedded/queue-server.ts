import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FauxqsServer } from 'fauxqs'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import { describeFailure } from '../../sqlite/failures.ts'
import { startOnLoopback } from './start-on-loopback.ts'

// What passes through here: requests of SQS clients → those that this queue takes → fauxqs, which has
// each change in its SQLite file, synced, before it answers.

export const QUEUE_NAME = 'submissions'

/** Of fauxqs, in its folder. */
const DATABASE_FILE = 'fauxqs.db'
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const DELAY_MAX_S = 900
const SENDS = new Set(['SendMessage', 'SendMessageBatch'])
/**
 * What the one queue needs. fauxqs has much more, also objects and topics; making the queue anew, in
 * another region even, or purging it would lose what is in it.
 */
const ACTIONS = new Set([
  ...SENDS,
  ...['ReceiveMessage', 'DeleteMessage', 'DeleteMessageBatch'],
  ...['ChangeMessageVisibility', 'ChangeMessageVisibilityBatch'],
  ...['GetQueueUrl', 'GetQueueAttributes', 'ListQueues'],
])

export interface QueueServerOptions {
  readonly folder: string
  readonly port: number
  /** Of the messages in it; while they are more, none is taken. */
  readonly sizeMaxBytes: number
}

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** One queue with the SQS API on 127.0.0.1; lives in a worker thread, because it waits for the disk. */
export class QueueServer implements HostedService {
  readonly #options: QueueServerOptions
  #server: FauxqsServer | undefined
  #db: DatabaseSync | undefined
  #size: StatementSync | undefined

  constructor(options: QueueServerOptions) {
    this.#options = options
  }

  /** @throws Error with code EADDRINUSE if the port is taken, ERR_SQLITE_ERROR if the file can't be used */
  async open(): Promise<void> {
    const file = join(this.#options.folder, DATABASE_FILE)
    try {
      await this.#start(file)
    } catch (error) {
      throw isOfSqlite(error) ? describeFile(file, error) : error
    }
  }

  async #start(file: string): Promise<void> {
    const { folder, port } = this.#options
    mkdirSync(folder, { recursive: true })
    const init = { queues: [{ name: QUEUE_NAME }] }
    const options = { port, logger: false, dataDir: folder, init }
    this.#server = await startOnLoopback(options, (app) => this.#guard(app))
    this.#db = new DatabaseSync(file, { readOnly: true })
    this.#size = this.#db.prepare(`SELECT (page_count - freelist_count) * page_size AS bytes
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`)
  }

  /** Where it listens. */
  port(): number {
    return this.#server?.port ?? this.#options.port
  }

  async close(): Promise<void> {
    this.#size = undefined
    // Before fauxqs, which as the last one puts its log away.
    this.#db?.close()
    await this.#server?.stop()
  }

  #guard(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      const refusal = this.#refuse(request)
      if (refusal !== undefined) return answer(reply, refusal)
      return undefined
    })
    app.addHook('preHandler', async ({ body }, reply) => {
      const refusal = refuseBody(body)
      if (refusal !== undefined) return answer(reply, refusal)
      keepInvisible(body as object)
      return undefined
    })
    app.setErrorHandler((error, _request, reply) => answer(reply, refusalFor(error)))
  }

  #refuse({ method, headers }: FastifyRequest): Refusal | undefined {
    const target = String(headers['x-amz-target'])
    const action = target.replace('AmazonSQS.', '')
    if (method !== 'POST' || !ACTIONS.has(action)) {
      const message = `The queue ${QUEUE_NAME} of Fleetgrid takes, as POST with X-Amz-Target: AmazonSQS.…: ${[...ACTIONS].join(', ')}.`
      return { status: 400, code: 'UnsupportedOperation', message }
    }
    if (!SENDS.has(action) || !this.#isFull()) return undefined
    const message = 'The queue is full (SUBMISSION_QUEUE_SIZE_MAX_MB): send it again later.'
    return { status: 503, code: 'ServiceUnavailable', message }
  }

  #isFull(): boolean {
    return Number(this.#size?.get()?.['bytes'] ?? 0) >= this.#options.sizeMaxBytes
  }
}

/** fauxqs would take any delay, and fail with 500 on what is no object. */
function refuseBody(body: unknown): Refusal | undefined {
  if (body === null || typeof body !== 'object') {
    return { status: 400, code: 'SerializationException', message: 'The body is no JSON object.' }
  }
  const wrong = entriesOf(body).find(
    ({ DelaySeconds: delay = 0 }) =>
      !(Number.isInteger(delay) && Number(delay) >= 0 && Number(delay) <= DELAY_MAX_S),
  )
  if (wrong === undefined) return undefined
  const message = `DelaySeconds must be a whole number from 0 to ${DELAY_MAX_S}.`
  return { status: 400, code: 'InvalidParameterValue', message }
}

/** What fauxqs throws: nothing was taken, and a sender must know whether to come again. */
function refusalFor(error: unknown): Refusal {
  const { statusCode = 500, message } = error as { statusCode?: number; message: string }
  if (error instanceof SyntaxError) {
    return { status: 400, code: 'SerializationException', message: `The body: ${message}` }
  }
  if (isOfSqlite(error)) {
    const text = `The queue can't be written (${describeFailure(error)}): send it again later.`
    return { status: 503, code: 'ServiceUnavailable', message: text }
  }
  const code = statusCode < 500 ? 'InvalidRequest' : 'InternalFailure'
  return { status: statusCode, code, message }
}

function isOfSqlite(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

function describeFile(file: string, error: NodeJS.ErrnoException): Error {
  const described = new Error(`${file}: ${describeFailure(error)}`, { cause: error })
  return Object.assign(described, { code: error.code })
}

/** Of a batch all, otherwise the request itself. */
function entriesOf(body: object): Record<string, unknown>[] {
  const { Entries = [body] } = body as { readonly Entries?: unknown }
  const entries: readonly unknown[] = Array.isArray(Entries) ? Entries : []
  return entries.filter((entry) => entry !== null && typeof entry === 'object') as Record<
    string,
    unknown
  >[]
}

/** As SQS does, so that its clients know whether to try again. */
function answer(reply: FastifyReply, { status, code, message }: Refusal): FastifyReply {
  const fault = status < 500 ? 'Sender' : 'Receiver'
  return reply
    .code(status)
    .header('content-type', 'application/x-amz-json-1.0')
    .header('x-amzn-query-error', `${code};${fault}`)
    .send(JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }))
}

/** A visibility of 0 makes fauxqs 2.4.1 mislay the message until it starts again; of 1 s it doesn't. */
function keepInvisible(body: object): void {
  for (const entry of entriesOf(body)) {
    const given = entry['VisibilityTimeout']
    if (given === undefined || (Number.isInteger(given) && Number(given) >= 1)) continue
    // "0" and null are none to SQS, but fauxqs counts with them: it knows that -1 is wrong.
    entry['VisibilityTimeout'] = given === 0 ? 1 : -1
  }
}
