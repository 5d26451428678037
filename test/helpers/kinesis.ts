import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Test } from 'tap'
import { until } from './until.ts'

/** A stream on an emulator, and what is in it. */
export interface TestStream {
  readonly endpoint: string
  readonly streamName: string
  /** Everything in it, shard after shard. */
  read(): Promise<{ readonly key: string; readonly text: string }[]>
}

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** kinesalite in this process. It keeps nothing. */
export async function startKinesis(t: Test, { shards = 2 } = {}): Promise<TestStream> {
  const { default: kinesalite } = await import('kinesalite')
  const server = kinesalite({ createStreamMs: 5, shardLimit: 100 })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return createTestStream(`http://127.0.0.1:${port}`, 'events', shards)
}

/** Makes the stream. */
export async function createTestStream(
  endpoint: string,
  streamName: string,
  shards: number,
): Promise<TestStream> {
  const client = createKinesisClient(endpoint)
  const StreamName = streamName
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: shards }))
  await until(async () => {
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    )
    return StreamDescriptionSummary?.StreamStatus === 'ACTIVE'
  })
  return {
    endpoint,
    streamName,
    async read() {
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }))
      const all: { key: string; text: string }[] = []
      for (const { ShardId } of Shards) {
        const { ShardIterator } = await client.send(
          new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
        )
        let iterator = ShardIterator
        for (;;) {
          const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator }))
          const { Records = [], NextShardIterator } = page
          for (const { PartitionKey: key = '', Data } of Records) {
            all.push({ key, text: Buffer.from(Data ?? []).toString() })
          }
          if (Records.length === 0 || NextShardIterator === undefined) break
          iterator = NextShardIterator
        }
      }
      return all
    },
  }
}

export function createKinesisClient(endpoint: string): KinesisClient {
  return new KinesisClient({
    ...{ region: 'us-east-1', endpoint, credentials: CREDENTIALS },
    requestHandler: new NodeHttpHandler(),
  })
}
