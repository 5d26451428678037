import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  MergeShardsCommand,
  PutRecordCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import t, { type Test } from 'tap'
import { createKinesisClient, startKinesis, type TestStream } from './helpers/kinesis.ts'
import { until } from './helpers/until.ts'

// npm run events:tail, on a Kinesis stream whose shards are split and merged.

const MIDDLE = String(2n ** 127n)

t.test('shards that are split and merged are gone on with', async (t) => {
  const stream = await startKinesis(t, { shards: 1 })
  const client = createKinesisClient(stream.endpoint)
  t.teardown(() => client.destroy())
  const proxy = await startPages(t, stream.endpoint)
  const { put, split, merge } = changesOf(client, stream)
  await put('before')

  const tail = startTail(t, { ...stream, endpoint: proxy.endpoint }, [])
  await until(() => proxy.reads() > 0, { what: 'the first look' })
  await put('one')
  await until(() => tail.lines().some((line) => line.startsWith('one')))
  await split('shardId-000000000000')
  await put('two')
  await merge('shardId-000000000001', 'shardId-000000000002')
  await put('three')
  await until(() => tail.lines().length === 3 * KEYS.length, { withinMs: 30_000 })
  // Of a key in their order; what was there before is none of its business.
  for (const key of KEYS) {
    const own = tail.lines().filter((line) => line.endsWith(` ${key}`))
    t.strictSame(own, [`one ${key}`, `two ${key}`, `three ${key}`])
  }

  const latest = startTail(t, { ...stream, endpoint: proxy.endpoint }, ['--no-follow'])
  t.same(await latest.exited, [0, null])
  t.same(latest.lines(), [], 'nothing has come since')

  const all = startTail(t, { ...stream, endpoint: proxy.endpoint }, ['--all', '--no-follow'])
  t.same(await all.exited, [0, null])
  t.equal(all.lines().length, 4 * KEYS.length, 'each once')
  for (const key of KEYS) {
    const own = all.lines().filter((line) => line.endsWith(` ${key}`))
    t.strictSame(
      own,
      ['before', 'one', 'two', 'three'].map((word) => `${word} ${key}`),
    )
  }
})

/** Their hashes are in both halves. */
const KEYS = Array.from({ length: 8 }, (_, n) => `key-${n}`)

function changesOf(client: KinesisClient, { streamName: StreamName }: TestStream) {
  const ready = () =>
    until(async () => {
      const { StreamDescriptionSummary: summary } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName }),
      )
      return summary?.StreamStatus === 'ACTIVE'
    })
  return {
    /** One record of each key. */
    async put(word: string): Promise<void> {
      for (const PartitionKey of KEYS) {
        const Data = Buffer.from(`${word} ${PartitionKey}`)
        await client.send(new PutRecordCommand({ StreamName, PartitionKey, Data }))
      }
    },
    async split(ShardToSplit: string): Promise<void> {
      const halves = { StreamName, ShardToSplit, NewStartingHashKey: MIDDLE }
      await client.send(new SplitShardCommand(halves))
      await ready()
    },
    async merge(ShardToMerge: string, AdjacentShardToMerge: string): Promise<void> {
      const halves = { StreamName, ShardToMerge, AdjacentShardToMerge }
      await client.send(new MergeShardsCommand(halves))
      await ready()
    },
  }
}

function startTail(t: Test, { endpoint, streamName }: TestStream, args: readonly string[]) {
  const child = spawn(process.execPath, ['scripts/events-tail.ts', ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], EVENT_STREAM: 'kinesis', EVENT_STREAM_NAME: streamName },
      ...{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_KINESIS: endpoint },
      ...{ AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' },
    },
  })
  const exited = once(child, 'exit')
  t.teardown(() => child.kill())
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  return { exited, lines: () => output.split('\n').slice(0, -1) }
}

/** Before an emulator that lists all shards at once: one a page, as the service does with a thousand. */
async function startPages(t: Test, upstream: string) {
  let reads = 0
  const forward = async ({ headers }: IncomingMessage, body: string) => {
    const { 'content-length': _length, host: _host, connection: _, ...rest } = headers
    const options = { method: 'POST', headers: rest as Record<string, string>, body }
    return (await (await fetch(upstream, options)).json()) as Record<string, unknown>
  }
  const listPage = async (request: IncomingMessage, body: string) => {
    const { StreamName, NextToken } = JSON.parse(body)
    if ((StreamName === undefined) === (NextToken === undefined)) {
      return { __type: 'InvalidArgumentException', message: 'either StreamName or NextToken' }
    }
    const [name, first] = NextToken?.split('/') ?? [StreamName, 0]
    const whole = await forward(request, JSON.stringify({ StreamName: name }))
    const Shards = whole['Shards'] as object[]
    const next = Number(first) + 1
    const more = next < Shards.length ? { NextToken: `${name}/${next}` } : {}
    return { Shards: [Shards[Number(first)]], ...more }
  }
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const action = String(request.headers['x-amz-target']).split('.').at(-1)
    const answer = await (action === 'ListShards' ? listPage : forward)(request, body)
    if (action === 'GetRecords') reads += 1
    const status = '__type' in answer ? 400 : 200
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, reads: () => reads }
}
