import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import type { Clock } from '../domain/clock.ts'
import { publicError } from '../domain/errors.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS, named } from '../http/schemas.ts'
import type { DeviceCount } from './device-counts.ts'
import { DeviceItem, Replay, ReplayResult } from './schemas.ts'
import type { IncomingSubmission, SubmissionOutcome, Submissions } from './submissions.ts'

// What passes through here: submissions that come over HTTP instead of the queue, and an operator's look
// at which devices send what is invalid.

export interface SubmissionRoutesOptions {
  readonly submissions: Submissions
  readonly clock: Clock
}

/** Lambda's own limit for what it is invoked with. */
const BODY_SIZE_MAX_BYTES = 6_291_456
/** What isn't in the stream by then is called a failure; sent again, it is recognised. */
const ANSWER_WITHIN_MS = 25_000
/** Of bodies that came this way and are neither done nor given back, whoever still waits for them. */
const WAITING_MAX_BYTES = 67_108_864
/** Of a message beside its body. */
const MESSAGE_OVERHEAD_BYTES = 2048

export const submissionRoutes: FastifyPluginAsyncTypebox<SubmissionRoutesOptions> = async (
  app,
  { submissions, clock },
) => {
  requireRole(app, 'operator')
  app.addSchema(DeviceItem)
  const since = clock.now()
  let waitingBytes = 0
  const handle: Handle = ({ done, again, ...message }) => {
    const size = sizeOf(message)
    const leave = (): void => {
      waitingBytes -= size
    }
    waitingBytes += size
    submissions.handle({
      ...message,
      done(outcome) {
        leave()
        done(outcome)
      },
      again(reason) {
        leave()
        again(reason)
      },
    })
  }

  app.get(
    '/submissions/devices',
    { schema: devicesSchema },
    async ({ query: { limit = 100 } }) => ({
      since: new Date(since).toISOString(),
      devices: submissions.devices.top(limit).map(renderDevice),
      others: submissions.devices.others(),
    }),
  )

  const route = { schema: replaySchema, bodyLimit: BODY_SIZE_MAX_BYTES }
  app.post('/submissions/replay', route, async ({ body }) => {
    const messages = readMessages(body, clock.now())
    const size = messages.reduce((sum, message) => sum + sizeOf(message), 0)
    if (waitingBytes + size > WAITING_MAX_BYTES) {
      throw publicError('unavailable', 'Too many submissions wait for the event stream')
    }
    const outcomes = await handleAll(handle, messages)
    return summarise(messages, outcomes)
  })
}

interface ReplayedMessage {
  readonly id: string
  readonly body: string
  readonly sentAt: number
}

type Handle = (incoming: IncomingSubmission) => void

function sizeOf({ body }: { readonly body: string }): number {
  return body.length + MESSAGE_OVERHEAD_BYTES
}

function readMessages(body: Static<typeof Replay>, now: number): ReplayedMessage[] {
  const sentAtOf = (attributes: { SentTimestamp?: string } | undefined) =>
    Math.min(now, Number(attributes?.SentTimestamp ?? now))
  if ('Records' in body) {
    return body.Records.map(({ messageId: id, body, attributes }) => ({
      ...{ id, body, sentAt: sentAtOf(attributes) },
    }))
  }
  return body.Messages.map(({ MessageId: id, Body, Attributes }) => ({
    ...{ id, body: Body, sentAt: sentAtOf(Attributes) },
  }))
}

/** By message; without an outcome: it has to come again, or takes too long. */
async function handleAll(
  handle: Handle,
  messages: readonly ReplayedMessage[],
): Promise<ReadonlyMap<ReplayedMessage, SubmissionOutcome>> {
  const outcomes = new Map<ReplayedMessage, SubmissionOutcome>()
  const ended = messages.map(
    (message) =>
      new Promise<void>((resolve) => {
        handle({
          ...message,
          done(outcome) {
            outcomes.set(message, outcome)
            resolve()
          },
          again: () => resolve(),
        })
      }),
  )
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ANSWER_WITHIN_MS)
  await Promise.race([Promise.all(ended), late])
  clearTimeout(timer)
  return new Map(outcomes)
}

function summarise(
  messages: readonly ReplayedMessage[],
  outcomes: ReadonlyMap<ReplayedMessage, SubmissionOutcome>,
): Static<typeof ReplayResult> {
  const all = [...outcomes.values()]
  const rejected = all.filter(({ kind }) => kind === 'rejected').length
  return {
    batchItemFailures: messages
      .filter((message) => !outcomes.has(message))
      .map(({ id: itemIdentifier }) => ({ itemIdentifier })),
    published: all.length - rejected,
    rejected,
    events: all.reduce((sum, { events }) => sum + events, 0),
  }
}

function renderDevice({ lastReason, lastInvalidAt, ...counts }: DeviceCount) {
  return {
    ...counts,
    lastReason: lastReason ?? null,
    lastInvalidAt: lastInvalidAt === undefined ? null : new Date(lastInvalidAt).toISOString(),
  }
}

const COMMON = { tags: ['submissions'], security: BEARER }

const devicesSchema = {
  ...COMMON,
  operationId: 'listSubmittingDevices',
  summary: 'Who sends invalid submissions',
  description:
    'Counted by this instance since it started, those with the most invalid submissions first. The table is bounded: devices that were pushed out of it are counted in `others`, as are submissions of which nobody can tell whose they were.',
  querystring: Type.Object({
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Devices at most' }),
    ),
  }),
  response: {
    200: Type.Object({
      since: Type.String({ format: 'date-time' }),
      devices: Type.Array(named(DeviceItem)),
      others: Type.Object({ valid: Type.Integer(), invalid: Type.Integer() }),
    }),
    ...COMMON_PROBLEMS,
  },
}

const replaySchema = {
  ...COMMON,
  operationId: 'replaySubmissions',
  summary: 'Takes submissions as if they had come from the queue',
  description:
    'Messages as AWS Lambda gets them for an SQS queue (`Records`), or as `aws sqs receive-message` prints them (`Messages`). The answer is the one that Lambda wants with ReportBatchItemFailures. A submission that is invalid is kept with its reason, which is no failure.',
  body: Replay,
  response: { 200: ReplayResult, ...COMMON_PROBLEMS },
}
