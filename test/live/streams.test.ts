import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
} from '@aws-sdk/client-firehose'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { createFirehoseArchive } from '../../src/adapters/archive/firehose.ts'
import { createKinesisStream } from '../../src/adapters/event-stream/kinesis.ts'
import { archiveContract } from '../contracts/archive.ts'
import { eventStreamContract } from '../contracts/event-stream.ts'
import { AWS_EMULATOR_ENV } from '../engines/aws.ts'
import { startMoto } from '../engines/moto.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createTestStream } from '../helpers/kinesis.ts'
import { until } from '../helpers/until.ts'

// A second opinion on Kinesis, and Firehose into S3, by an emulator of other authors.

Object.assign(process.env, AWS_EMULATOR_ENV)
const moto = await startMoto({ folder: engineFolder(t) })
t.teardown(() => moto.stop())
const region = AWS_EMULATOR_ENV.AWS_REGION
const aws = { region, endpoint: moto.url }
let places = 0

t.test('events in Kinesis', async (t) =>
  eventStreamContract(t, async (t) => {
    places += 1
    const events = await createTestStream(moto.url, `events-${places}`, 2)
    const stream = createKinesisStream({
      ...{ adapter: 'kinesis', aws, streamName: events.streamName, requestTimeoutMs: 20_000 },
      limits: { recordsMax: 500, bytesMax: 5_000_000, recordBytesMax: 1_048_576 },
    })
    t.teardown(() => stream.close())
    return { stream, read: () => events.read() }
  }),
)

t.test('the archive through Firehose', async (t) =>
  archiveContract(t, async (t) => {
    places += 1
    const name = `archive-${places}`
    const s3 = new S3Client({ ...aws, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: name }))
    await createDeliveryStream(t, name)
    const archive = createFirehoseArchive({
      ...{ adapter: 'firehose', aws, streamName: name, requestTimeoutMs: 20_000 },
    })
    t.teardown(() => archive.close())
    async function read() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: name }))
      // Its names end with a random part; within a second only the time of change tells the order.
      const byTime = Contents.toSorted((a, b) => Number(a.LastModified) - Number(b.LastModified))
      const keys = byTime.map(({ Key = '' }) => Key)
      const bodies: string[] = []
      for (const Key of keys) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key }))
        bodies.push((await Body?.transformToString()) ?? '')
      }
      return { keys, text: bodies.join('') }
    }
    return { archive, read }
  }),
)

t.test('a delivery stream that isn’t there is told at the start, with what to do', async (t) => {
  const archive = createFirehoseArchive({
    ...{ adapter: 'firehose', aws, streamName: 'nobody', requestTimeoutMs: 20_000 },
  })
  t.teardown(() => archive.close())
  await t.rejects(archive.open(), {
    kind: 'unavailable',
    message: /there is no such stream: check ARCHIVE_FIREHOSE_NAME and AWS_REGION/,
  })
})

async function createDeliveryStream(t: Test, DeliveryStreamName: string): Promise<void> {
  const client = new FirehoseClient(aws)
  t.teardown(() => client.destroy())
  await client.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      DeliveryStreamType: 'DirectPut',
      ExtendedS3DestinationConfiguration: {
        BucketARN: `arn:aws:s3:::${DeliveryStreamName}`,
        RoleARN: 'arn:aws:iam::123456789012:role/firehose',
      },
    }),
  )
  await until(async () => {
    const { DeliveryStreamDescription } = await client.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName }),
    )
    return DeliveryStreamDescription?.DeliveryStreamStatus === 'ACTIVE'
  })
}
