import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { AWS_EMULATOR_ENV } from '../engines/aws.ts'

// The original's table of anomalies (reference §1.5) in a real DynamoDB or an emulator of it.

export interface AnomalyTable {
  /** A detector found it: a new item, or one that takes its place. */
  put(vin: string, type: string, reading: { score: string; value: string }): Promise<void>
  /** Any item, such as one of another kind. */
  putItem(item: Record<string, AttributeValue>): Promise<void>
  update(vin: string, type: string, score: string): Promise<void>
  remove(vin: string, type: string): Promise<void>
  /** Types of the vehicle's anomalies that are in the table now, sorted. */
  types(vin: string): Promise<string[]>
  /** All changes so far, in their order, as an EventBridge pipe and Lambda hand them over. */
  records(): Promise<JsonObject[]>
}

interface Test {
  after(close: () => unknown): void
}

const TableName = 'anomalies'
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
] as const

export async function createAnomalyTable(t: Test, endpoint: string): Promise<AnomalyTable> {
  const access = { region: AWS_EMULATOR_ENV.AWS_REGION, endpoint }
  const client = new DynamoDBClient(access)
  const streams = new DynamoDBStreamsClient(access)
  t.after(() => {
    client.destroy()
    streams.destroy()
  })
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [...KEYS],
      AttributeDefinitions: KEYS.map(({ AttributeName }) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  const stream = TableDescription?.LatestStreamArn ?? ''
  const putItem = async (Item: Record<string, AttributeValue>): Promise<void> => {
    await client.send(new PutItemCommand({ TableName, Item }))
  }
  return {
    putItem,
    put: (vin, type, reading) => putItem(anomalyItem(vin, type, reading)),
    async update(vin, type, score) {
      const update = new UpdateItemCommand({
        TableName,
        Key: keyOf(vin, type),
        UpdateExpression: 'SET anomaly_score = :score, updated_at = :now',
        ExpressionAttributeValues: { ':score': { N: score }, ':now': { S: now() } },
      })
      await client.send(update)
    },
    async remove(vin, type) {
      await client.send(new DeleteItemCommand({ TableName, Key: keyOf(vin, type) }))
    },
    async types(vin) {
      const { Items = [] } = await client.send(new ScanCommand({ TableName }))
      const own = Items.filter(({ pk, anomaly_type }) => pk?.S === vin && anomaly_type?.S)
      return own.map(({ anomaly_type }) => anomaly_type?.S ?? '').sort()
    },
    records: () => readStream(streams, stream),
  }
}

function anomalyItem(
  vin: string,
  type: string,
  { score, value }: { score: string; value: string },
): Record<string, AttributeValue> {
  const time = { S: now() }
  return {
    ...keyOf(vin, type),
    vin: { S: vin },
    anomaly_id: { S: 'S019VT46E' },
    anomaly_type: { S: type },
    anomaly_score: { N: score },
    value: { N: value },
    created_at: time,
    identified_at: time,
    updated_at: time,
    deletion_flag: { N: String(Math.floor(Date.now() / 1000) + 86_400) },
  }
}

function keyOf(vin: string, type: string) {
  return { pk: { S: vin }, sk: { S: `A:${type}` } }
}

/** In whole seconds, as the original writes it. */
function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

async function readStream(client: DynamoDBStreamsClient, arn: string): Promise<JsonObject[]> {
  const described = await client.send(new DescribeStreamCommand({ StreamArn: arn }))
  const found: JsonObject[] = []
  for (const { ShardId } of described.StreamDescription?.Shards ?? []) {
    const start = { StreamArn: arn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(start))
    // A shard that still takes changes has no end; nothing more means that it was read to here.
    for (;;) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }))
      const records = page.Records ?? []
      if (records.length === 0) break
      found.push(...records.map((record) => eventRecord(record, arn)))
      ShardIterator = page.NextShardIterator
    }
  }
  return found
}

/**
 * The form that is documented for the events of both, where the SDK has objects of its own: bytes as
 * base64, the time in whole epoch seconds.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
 */
function eventRecord(record: object, eventSourceARN: string): JsonObject {
  return { ...(plain(record) as JsonObject), eventSourceARN }
}

function plain(value: unknown): Json {
  if (value instanceof Date) return Math.floor(value.getTime() / 1000)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as Json
  const known = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(known.map(([name, member]) => [name, plain(member)]))
}
