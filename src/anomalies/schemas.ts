import Type, { type Static } from 'typebox'

/** Loose on purpose: a record of a wrong shape is a dead letter, and doesn't hold up the others. */
const RecordShape = Type.Object(
  {
    eventID: Type.Optional(Type.Unknown()),
    eventName: Type.Optional(Type.Unknown({ description: 'INSERT, MODIFY or REMOVE' })),
    dynamodb: Type.Optional(
      Type.Object({
        SequenceNumber: Type.Optional(Type.String({ description: 'Names it in the answer' })),
        NewImage: Type.Optional(Type.Unknown({ description: 'Typed attributes' })),
        OldImage: Type.Optional(Type.Unknown({ description: 'Typed attributes' })),
        ApproximateCreationDateTime: Type.Optional(Type.Unknown({ description: 'Epoch seconds' })),
      }),
    ),
  },
  { description: 'A record of a DynamoDB stream' },
)
export type StreamRecord = Static<typeof RecordShape>

export const StreamRecords = Type.Object(
  { Records: Type.Array(RecordShape, { maxItems: 10_000 }) },
  {
    title: 'Records of a DynamoDB stream',
    examples: [
      {
        Records: [
          {
            eventID: '1f6c7c2a9d0b4b6d8e7f5a3c2b1d0e9f',
            eventName: 'INSERT',
            dynamodb: {
              ApproximateCreationDateTime: 1_587_492_773,
              SequenceNumber: '4421584500000000017450439091',
              NewImage: {
                vin: { S: '5AZYG67LX9B10001' },
                anomaly_type: { S: 'OilTemp' },
                anomaly_score: { N: '45.827756308918936' },
                value: { N: '295.82775630891894' },
                updated_at: { S: '2020-04-21T18:12:53Z' },
              },
            },
          },
        ],
      },
    ],
  },
)

export const BatchFailures = Type.Object({
  batchItemFailures: Type.Array(
    Type.Object({ itemIdentifier: Type.String({ description: 'Its SequenceNumber' }) }),
    { description: 'Records to send again; Lambda goes back to the lowest of them' },
  ),
})
