import Type from 'typebox'

/** Not empty: as a failed item that would be, for Lambda, a failure of the whole batch. */
const MessageId = Type.String({ minLength: 1, maxLength: 100 })

const Attributes = Type.Object(
  { SentTimestamp: Type.Optional(Type.String({ pattern: '^\\d{13}$' })) },
  { additionalProperties: true },
)

/** As `aws sqs receive-message` prints it, which is what the original's handler read. */
const ReceivedMessages = Type.Object(
  {
    Messages: Type.Array(
      Type.Object(
        {
          MessageId,
          Body: Type.String(),
          Attributes: Type.Optional(Attributes),
        },
        { additionalProperties: true },
      ),
      { maxItems: 10_000 },
    ),
  },
  { title: 'messages as `aws sqs receive-message` prints them', additionalProperties: true },
)

/** As AWS Lambda is invoked for an SQS queue. */
const LambdaEvent = Type.Object(
  {
    Records: Type.Array(
      Type.Object(
        {
          messageId: MessageId,
          body: Type.String(),
          attributes: Type.Optional(Attributes),
        },
        { additionalProperties: true },
      ),
      { maxItems: 10_000 },
    ),
  },
  { title: 'the event that AWS Lambda gets for an SQS queue', additionalProperties: true },
)

export const Replay = Type.Union([LambdaEvent, ReceivedMessages])

export const ReplayResult = Type.Object({
  batchItemFailures: Type.Array(Type.Object({ itemIdentifier: Type.String() }), {
    description: 'Neither published nor kept: send these again',
  }),
  published: Type.Integer({
    description: 'Submissions, those that were published before included',
  }),
  rejected: Type.Integer({ description: 'Submissions that are in the diagnostics now' }),
  events: Type.Integer({ description: 'Events in the stream, all of them confirmed' }),
})

export const DeviceItem = Type.Object(
  {
    deviceId: Type.String(),
    valid: Type.Integer(),
    invalid: Type.Integer(),
    lastReason: Type.Union([Type.String(), Type.Null()], {
      description: 'Why its newest invalid submission was refused',
    }),
    lastInvalidAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { $id: 'SubmittingDevice' },
)
