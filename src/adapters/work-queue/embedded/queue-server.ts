import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FauxqsServer } from 'fauxqs'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import { startOnLoopback } from './start-on-loopback.ts'

// What passes through here: requests of SQS clients → those that this queue takes → fauxqs, which has
// each change in its SQLite file, synced, before it answers.

export const QUEUE_NAME = 'submissions'

/** Of fauxqs, in its folder. */
const DATABASE_FILE = 'fauxqs.db'
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

  /** @throws Error with code EADDRINUSE if the port is taken */
  async open(): Promise<void> {
    const { folder, port } = this.#options
    mkdirSync(folder, { recursive: true })
    const init = { queues: [{ name: QUEUE_NAME }] }
    const options = { port, logger: false, dataDir: folder, init }
    this.#server = await startOnLoopback(options, (app) => this.#guard(app))
    this.#db = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true })
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
    app.addHook('preHandler', async ({ body }) => keepInvisible(body))
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
function keepInvisible(body: unknown): void {
  const { Entries = [body] } = (body ?? {}) as { Entries?: unknown }
  for (const entry of Array.isArray(Entries) ? Entries : []) {
    const given = entry?.VisibilityTimeout
    if (given === undefined || (Number.isInteger(given) && given >= 1)) continue
    // "0" and null are none to SQS, but fauxqs counts with them: it knows that -1 is wrong.
    entry.VisibilityTimeout = given === 0 ? 1 : -1
  }
}
