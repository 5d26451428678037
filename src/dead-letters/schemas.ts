import Type, { type Static } from 'typebox'

export const DeadLetterItem = Type.Object(
  {
    id: Type.String(),
    topic: Type.String(),
    reason: Type.String({ description: 'What is wrong and where' }),
    receivedAt: Type.String({ description: 'ISO 8601, the last time' }),
    firstReceivedAt: Type.String({ description: 'ISO 8601' }),
    count: Type.Integer({ description: 'How often this very message has come' }),
    state: Type.String({ enum: ['open', 'redriven'] }),
    redriveAttempts: Type.Integer(),
    redrivenAt: Type.Optional(Type.String({ description: 'ISO 8601' })),
    sizeBytes: Type.Integer(),
    payload: Type.String({ description: 'Base64, as it came byte by byte' }),
    payloadText: Type.Optional(
      Type.String({ description: 'Where it is UTF-8 text of no more than 4 KiB' }),
    ),
  },
  {
    $id: 'DeadLetter',
    title: 'Dead letter',
    examples: [
      {
        id: '5f2b1c9e',
        topic: 'dt/cvra/ECU-AWS-2014-3_YWYRHF5T/cardata',
        reason: 'vin is missing',
        receivedAt: '2020-11-04T16:28:39.768Z',
        firstReceivedAt: '2020-11-04T16:28:39.768Z',
        count: 1,
        state: 'open',
        redriveAttempts: 0,
        sizeBytes: 2,
        payload: 'e30=',
        payloadText: '{}',
      },
    ],
  },
)
export type DeadLetterItem = Static<typeof DeadLetterItem>

export const ListQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Unsafe<'open' | 'redriven'>(Type.String({ enum: ['open', 'redriven'] })),
    ),
    topic: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: 'This very topic' }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: '0, or the `offset` of the answer before',
      }),
    ),
    // Payloads can be large, and an answer is made in one piece.
    maxResults: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 50, default: 20, description: 'Letters on a page' }),
    ),
  },
  { additionalProperties: false },
)

export const IdParameter = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) })
