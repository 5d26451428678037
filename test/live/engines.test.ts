import { DeleteStreamCommand, PutRecordCommand } from '@aws-sdk/client-kinesis'
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { connectAsync } from 'mqtt'
import pg from 'pg'
import t from 'tap'
import { engineUrl, indexPrefix, makeBucket, makeDatabase, makeQueue } from '../helpers/engines.ts'
import { createKinesisClient, createTestStream } from '../helpers/kinesis.ts'

// The engines themselves and the helpers that clean up after the other live tests.

t.test('a database is there during the test only', async (t) => {
  let name = ''
  await t.test('during', async (t) => {
    const url = await makeDatabase(t)
    name = new URL(url).pathname.slice(1)
    t.same(await queryOnce(url, 'SELECT current_database() AS name'), [{ name }])
  })
  const found = `SELECT datname FROM pg_database WHERE datname = '${name}'`
  t.same(await queryOnce(engineUrl('postgres'), found), [])
})

t.test('so is a queue', async (t) => {
  const client = new SQSClient({ region: 'us-east-1', endpoint: engineUrl('aws') })
  t.after(() => client.destroy())
  let url = ''
  await t.test('during', async (t) => {
    const queue = await makeQueue(t, { VisibilityTimeout: '1' })
    url = queue.url
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'hello' }))
  })
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}))
  t.notOk(QueueUrls.includes(url))
})

t.test('so is a bucket, even when it has objects', async (t) => {
  const access = { region: 'us-east-1', endpoint: engineUrl('aws'), forcePathStyle: true }
  const client = new S3Client(access)
  t.after(() => client.destroy())
  let name = ''
  await t.test('during', async (t) => {
    const { bucket } = await makeBucket(t)
    name = bucket
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a/b', Body: 'c' }))
  })
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}))
  t.notOk(Buckets.some(({ Name }) => Name === name))
})

t.test('so is an index with its template and its script', async (t) => {
  const server = engineUrl('opensearch')
  let prefix = ''
  await t.test('during', async (t) => {
    prefix = indexPrefix(t)
    const template = { index_patterns: [`${prefix}*`], template: {} }
    const script = { script: { lang: 'painless', source: 'return 1' } }
    t.equal(await put(`${server}/_index_template/${prefix}template`, template), 200)
    t.equal(await put(`${server}/_scripts/${prefix}script`, script), 200)
    t.equal(await put(`${server}/${prefix}index`, { aliases: { [`${prefix}alias`]: {} } }), 200)
  })
  // Without the list of what was deleted.
  const filter = '-metadata.index-graveyard'
  const state = await fetch(`${server}/_cluster/state/metadata?filter_path=${filter}`)
  t.notMatch(await state.text(), prefix)
})

t.test('a stream takes a record', async (t) => {
  const stream = await createTestStream(engineUrl('kinesis'), 'live-engines', 2)
  const client = createKinesisClient(stream.endpoint)
  t.after(() => client.destroy())
  const StreamName = stream.streamName
  t.after(() => client.send(new DeleteStreamCommand({ StreamName })))
  const record = { PartitionKey: 'key', Data: Buffer.from('hello') }
  await client.send(new PutRecordCommand({ StreamName, ...record }))
  t.same(await stream.read(), [{ key: 'key', text: 'hello' }])
})

t.test('the broker takes a message', async () => {
  const client = await connectAsync(engineUrl('mosquitto'), { protocolVersion: 5 })
  await client.publishAsync('test', 'hello', { qos: 1 })
  await client.endAsync()
})

async function queryOnce(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}

async function put(url: string, body: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) })
  return answer.status
}
