import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Clock } from '../domain/clock.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS } from '../http/schemas.ts'
import { ANOMALY_RECORDS_TOPIC, type FeedMessage } from '../ports/telemetry-feed.ts'
import { BatchFailures, type StreamRecord, StreamRecords } from './schemas.ts'

// What passes through here: records of the stream of anomalies, from a caller that works as AWS
// Lambda does, into the same ingest as everything else. Answers when all of them have ended.

export interface AnomalyRoutesOptions {
  /** Takes one message; acknowledges it when it is durable, or refuses it. */
  readonly deliver: (message: FeedMessage) => void
  readonly clock: Clock
}

/** Lambda's own limit for what it is invoked with. */
const BODY_SIZE_MAX_BYTES = 6_291_456

/** What isn't durable by then is called a failure: it comes again, and is recognised if it was stored. */
const ANSWER_WITHIN_MS = 20_000

export const anomalyRoutes: FastifyPluginAsyncTypebox<AnomalyRoutesOptions> = async (
  app,
  options,
) => {
  requireRole(app, 'operator')

  const route = { schema: submitSchema, bodyLimit: BODY_SIZE_MAX_BYTES }
  app.post('/anomalies/stream-records', route, async (request) => {
    const { Records: records } = request.body
    const handled = await submit(records, options)
    const failures = records.filter((record) => !handled.has(record))
    return { batchItemFailures: failures.map(toFailure) }
  })
}

/** The records that were handled in time. */
async function submit(
  records: readonly StreamRecord[],
  { deliver, clock }: AnomalyRoutesOptions,
): Promise<ReadonlySet<StreamRecord>> {
  const handled = new Set<StreamRecord>()
  const ended = records.map(
    (record) =>
      new Promise<void>((resolve) => {
        deliver({
          topic: ANOMALY_RECORDS_TOPIC,
          payload: Buffer.from(JSON.stringify(record)),
          receivedAt: clock.now(),
          acknowledge: () => {
            handled.add(record)
            resolve()
          },
          refuse: () => resolve(),
        })
      }),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ANSWER_WITHIN_MS)
  })
  await Promise.race([Promise.all(ended), late])
  clearTimeout(timer)
  return handled
}

/** Without its number nobody can name it: an empty name makes Lambda repeat the whole batch. */
function toFailure({ dynamodb }: StreamRecord): { itemIdentifier: string } {
  return { itemIdentifier: dynamodb?.SequenceNumber ?? '' }
}

const submitSchema = {
  tags: ['anomalies'],
  security: BEARER,
  operationId: 'submitAnomalyRecords',
  summary: 'Takes changes of the table of anomalies',
  description:
    'The event that AWS Lambda gets from a DynamoDB stream with NEW_AND_OLD_IMAGES: INSERT and MODIFY raise an anomaly, REMOVE clears it. The answer is the one that Lambda wants with ReportBatchItemFailures: the records that could not be stored now and are to be sent again. A record that can never be used is a dead letter, which is no failure.',
  body: StreamRecords,
  response: { 200: BatchFailures, ...COMMON_PROBLEMS },
}
