import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type QueueAttributeName,
  SQSClient,
} from '@aws-sdk/client-sqs'
import pg from 'pg'
import { AWS_EMULATOR_ENV } from '../engines/aws.ts'

// What a live test needs of the running engines: a place of its own, gone after the test. `make
// test-live` starts the engines and says in LIVE_*_URL where they are.

export type EngineName = 'opensearch' | 'mosquitto' | 'postgres' | 'aws' | 'kinesis'

const REGION = AWS_EMULATOR_ENV.AWS_REGION

// The SDK's default chain, which the adapters use, finds the emulator's keys here.
for (const [name, value] of Object.entries(AWS_EMULATOR_ENV)) process.env[name] ??= value

interface Test {
  after(close: () => unknown): void
}

/** @throws Error if the engine wasn't started for this test */
export function engineUrl(name: EngineName): string {
  const variable = `LIVE_${name.toUpperCase()}_URL`
  const url = process.env[variable]
  if (url === undefined || url === '') {
    throw new Error(
      `${variable} is not set: this test needs a real ${name}. Run \`make test-live\`, or one file with \`make test-live FILE=test/live/…\``,
    )
  }
  return url
}

/** URL of a fresh PostgreSQL database, which is dropped after the test. */
export async function makeDatabase(t: Test): Promise<string> {
  const server = engineUrl('postgres')
  const name = uniqueName('test').replaceAll('-', '_')
  await administer(server, `CREATE DATABASE ${name}`)
  t.after(() => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

export interface TestQueue {
  readonly url: string
  readonly region: string
  readonly endpoint: string
}

/** A fresh SQS queue; attributes as SQS names them, such as { VisibilityTimeout: '1' }. */
export async function makeQueue(
  t: Test,
  attributes: Partial<Record<QueueAttributeName, string>> = {},
): Promise<TestQueue> {
  const endpoint = engineUrl('aws')
  const client = new SQSClient({ region: REGION, endpoint })
  const QueueName = uniqueName('test')
  await client.send(new CreateQueueCommand({ QueueName, Attributes: attributes }))
  // The emulator names a host that no URL may have; it looks at the path only.
  const url = `${endpoint}/000000000000/${QueueName}`
  t.after(async () => {
    await client.send(new DeleteQueueCommand({ QueueUrl: url }))
    client.destroy()
  })
  return { url, region: REGION, endpoint }
}

export interface TestBucket {
  readonly bucket: string
  readonly region: string
  readonly endpoint: string
}

/** A fresh S3 bucket, deleted with all that is in it after the test. */
export async function makeBucket(t: Test): Promise<TestBucket> {
  const endpoint = engineUrl('aws')
  const client = new S3Client({ region: REGION, endpoint, forcePathStyle: true })
  const bucket = uniqueName('test')
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  t.after(async () => {
    await emptyBucket(client, bucket)
    await client.send(new DeleteBucketCommand({ Bucket: bucket }))
    client.destroy()
  })
  return { bucket, region: REGION, endpoint }
}

/** A prefix for index, alias and template names of OpenSearch; what has it is deleted after. */
export function indexPrefix(t: Test): string {
  const server = engineUrl('opensearch')
  const prefix = `${uniqueName('test')}-`
  t.after(async () => {
    // Indices take their aliases along.
    await remove(`${server}/${prefix}*?expand_wildcards=all`)
    await remove(`${server}/_index_template/${prefix}*`)
    await remove(`${server}/_component_template/${prefix}*`)
    for (const id of await ownScripts(server, prefix)) await remove(`${server}/_scripts/${id}`)
  })
  return prefix
}

async function remove(url: string): Promise<void> {
  const answer = await fetch(url, { method: 'DELETE' })
  if (!answer.ok && answer.status !== 404) throw new Error(await answer.text())
}

async function ownScripts(server: string, prefix: string): Promise<string[]> {
  const answer = await fetch(
    `${server}/_cluster/state/metadata?filter_path=metadata.stored_scripts`,
  )
  const state = (await answer.json()) as { metadata?: { stored_scripts?: Record<string, unknown> } }
  const ids = Object.keys(state.metadata?.stored_scripts ?? {})
  return ids.filter((id) => id.startsWith(prefix))
}

async function emptyBucket(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    if (Contents.length === 0) return
    const Objects = Contents.map(({ Key }) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function uniqueName(what: string): string {
  return `${what}-${randomUUID().slice(0, 13)}`
}
