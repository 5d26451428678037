import Type from 'typebox'

/** What AWS Lambda is invoked with; more members are allowed, and ignored. */
export const TransformRequest = Type.Object(
  {
    invocationId: Type.String({ maxLength: 200 }),
    deliveryStreamArn: Type.Optional(Type.String({ maxLength: 2048 })),
    region: Type.Optional(Type.String({ maxLength: 100 })),
    records: Type.Array(
      Type.Object(
        {
          recordId: Type.String({ minLength: 1, maxLength: 1000 }),
          approximateArrivalTimestamp: Type.Optional(Type.Number()),
          data: Type.String({ description: 'Base64' }),
        },
        { additionalProperties: true },
      ),
      { maxItems: 10_000 },
    ),
  },
  { additionalProperties: true },
)

export const TransformAnswer = Type.Object({
  records: Type.Array(
    Type.Object({
      recordId: Type.String(),
      result: Type.String({ enum: ['Ok', 'Dropped', 'ProcessingFailed'] }),
      data: Type.String({ description: 'Base64' }),
    }),
  ),
})

export const TransformQuery = Type.Object({
  format: Type.Optional(
    Type.Unsafe<'ndjson' | 'csv'>(Type.String({ enum: ['ndjson', 'csv'], default: 'ndjson' })),
  ),
  columns: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4000,
      description:
        'For csv: names of the columns, separated by commas, such as topic,message,position.lat',
    }),
  ),
})
