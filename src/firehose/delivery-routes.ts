import { createHash, timingSafeEqual } from 'node:crypto'
import { finished } from 'node:stream'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { errorMessage, FleetgridError } from '../domain/errors.ts'
import {
  BadDelivery,
  BODY_SIZE_MAX_BYTES,
  type DeliverOptions,
  deliver,
  openDelivery,
  readDelivery,
} from './deliver.ts'

// What passes through here: requests of a delivery stream. Whatever happens, the answer has the shape
// that Firehose wants; and never 413, after which it would throw the records away.

export interface DeliveryRoutesOptions extends DeliverOptions {
  readonly accessKey: string
  readonly onDelivery: (
    outcome: 'stored' | 'duplicate' | 'refused' | 'failed',
    reason?: string,
  ) => void
}

const ERROR_LENGTH_MAX = 8192
/** Of bodies that are here at the same time, four of the largest; Firehose sends others again. */
const BODIES_MAX_BYTES = 4 * BODY_SIZE_MAX_BYTES

export const deliveryRoutes: FastifyPluginAsync<DeliveryRoutesOptions> = async (app, options) => {
  const { accessKey, onDelivery, now } = options
  let bytes = 0
  // Of any type and encoding: it is read here, where the answer has the right shape.
  app.removeAllContentTypeParsers()
  const parser = { parseAs: 'buffer', bodyLimit: BODY_SIZE_MAX_BYTES } as const
  app.addContentTypeParser('*', parser, (_request, body, done) => done(null, body))
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    onDelivery('refused', errorMessage(error))
    const status = error.statusCode === 413 ? 400 : 500
    return answer(reply, idOf(request), status, errorMessage(error))
  })

  // Before its body: nobody without the key has a place for one here.
  app.addHook('onRequest', async (request, reply) => {
    if (!isSameKey(headerOf(request, 'x-amz-firehose-access-key') ?? '', accessKey)) {
      onDelivery('refused', 'wrong access key')
      return answer(
        reply,
        idOf(request),
        401,
        'X-Amz-Firehose-Access-Key is not FIREHOSE_ACCESS_KEY',
      )
    }
    const size = sizeMaxOf(request)
    if (bytes + size > BODIES_MAX_BYTES) {
      onDelivery('refused', `more than ${BODIES_MAX_BYTES} bytes at the same time`)
      return answer(
        reply,
        idOf(request),
        503,
        'too many deliveries at the same time, send it again',
      )
    }
    bytes += size
    finished(reply.raw, () => {
      bytes -= size
    })
    return undefined
  })

  app.post(
    '/firehose/delivery',
    { schema, bodyLimit: BODY_SIZE_MAX_BYTES },
    async (request, reply) => {
      let id = idOf(request)
      try {
        const encoding = headerOf(request, 'content-encoding')
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const opened = await openDelivery(body, encoding, id)
        // Where no header says it.
        id = opened.id
        onDelivery(await deliver(readDelivery(opened), options))
        return answer(reply, id, 200)
      } catch (error) {
        const isBad = error instanceof BadDelivery
        onDelivery(isBad ? 'refused' : 'failed', errorMessage(error))
        const isAway = error instanceof FleetgridError && error.kind === 'unavailable'
        const text = isBad ? error.message : 'not stored now, send it again'
        return answer(reply, id, isBad ? 400 : isAway ? 503 : 500, text)
      }
    },
  )

  function answer(reply: FastifyReply, id: string | undefined, status: number, problem?: string) {
    const body = Buffer.from(
      JSON.stringify({
        requestId: id ?? '',
        timestamp: now(),
        ...(problem === undefined ? {} : { errorMessage: problem.slice(0, ERROR_LENGTH_MAX) }),
      }),
    )
    // Not as a string: its type would get a charset, and Firehose wants this very one.
    return reply
      .code(status)
      .header('content-type', 'application/json')
      .header('content-length', body.length)
      .send(body)
  }
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function idOf(request: FastifyRequest): string | undefined {
  return headerOf(request, 'x-amz-firehose-request-id')
}

/** Of its body, unpacked: what it says, if that is certain. */
function sizeMaxOf(request: FastifyRequest): number {
  const length = Number(headerOf(request, 'content-length') ?? Number.NaN)
  const isCertain = length <= BODY_SIZE_MAX_BYTES && request.headers['content-encoding'] !== 'gzip'
  return isCertain ? length : BODY_SIZE_MAX_BYTES
}

/** Of any length, in the same time. */
function isSameKey(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

const Answer = Type.Object({
  requestId: Type.String({ description: 'As X-Amz-Firehose-Request-Id says, or else the body' }),
  timestamp: Type.Integer({ description: 'Epoch milliseconds' }),
  errorMessage: Type.Optional(Type.String()),
})

const schema = {
  tags: ['archive'],
  security: [{ firehose: [] }],
  operationId: 'deliverFirehoseRecords',
  summary: 'Takes what a Firehose stream delivers to an HTTP endpoint',
  description:
    'For a delivery stream whose destination is this URL, with FIREHOSE_ACCESS_KEY as its access key. The records of a request become one object, one behind the other as they are, and with FIREHOSE_CSV_COLUMNS one of CSV beside it; the same request again is answered and changes nothing.',
  response: {
    200: Answer,
    400: Answer,
    401: Answer,
    500: Answer,
    503: Answer,
  },
}
