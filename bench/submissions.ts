import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { createSubmission, createUuid } from '../simulators/submissions/create-submission.ts'
import { AWS_EMULATOR_ENV, startAws } from '../test/engines/aws.ts'
import { createKinesisClient, createTestStream, type TestStream } from '../test/helpers/kinesis.ts'
import type { KinesisFault } from '../test/helpers/kinesis-faults.ts'
import { createRandom } from '../test/helpers/random.ts'
import { until } from '../test/helpers/until.ts'
import { endChild } from './lib/end-child.ts'
import { cpuSeconds, peakMemoryMb } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { startServer } from './lib/server.ts'

// SQS emulator → worker → Kinesis emulator, with the worker beside the least that a program can do and
// beside the emulator's own ceiling, in one run. From the first call of the stream to an empty queue.

const { values } = parseArgs({
  options: {
    submissions: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log('Usage: node bench/submissions.ts [--submissions 10000] [--rounds 1]')
  process.exit(0)
}

const FAULTS: readonly { readonly name: string; readonly fault?: KinesisFault }[] = [
  { name: 'none' },
  { name: '10 % of calls, all records', fault: 'all' },
  { name: '10 % of calls, random records', fault: 'subset' },
]
const SHARDS = 2
const EVENTS_OF_EACH = 4
let places = 0

Object.assign(process.env, AWS_EMULATOR_ENV)
const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
const aws = await startAws({ folder })
const sqs = new SQSClient({ region: AWS_EMULATOR_ENV.AWS_REGION, endpoint: aws.url })
const emulator = fork('bench/lib/kinesis-process.ts')
const [{ target, proxy }] = (await once(emulator, 'message')) as [{ target: string; proxy: string }]
try {
  await run()
} finally {
  await endChild(emulator)
  await aws.stop()
  await rm(folder, { recursive: true, force: true })
}

interface Place {
  readonly queueUrl: string
  readonly stream: TestStream
}

interface Worker {
  readonly pid: number
  stop(): Promise<void>
}

async function run(): Promise<void> {
  const bodies = createBodies(Number(values.submissions))
  const rows: Record<string, string | number>[] = []
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    rows.push(await measureCeiling(round))
    for (const faults of FAULTS) {
      for (const [name, start] of Object.entries({ 'bare waves': startBare, fleetgrid })) {
        console.log(`round ${round}, faults ${faults.name}: ${name} …`)
        const figures = await measure(start, bodies, faults.fault)
        rows.push({ round, faults: faults.name, what: name, ...figures })
      }
    }
  }
  report(`Submissions → events, ${SHARDS} shards`, rows)
}

function createBodies(count: number): string[] {
  const random = createRandom(1)
  const chance = { next: random }
  const devices = Array.from({ length: 1000 }, () => createUuid(chance))
  return Array.from({ length: count }, () => {
    const deviceId = devices[Math.floor(random() * devices.length)] ?? ''
    const shape = { deviceId, eventsMax: 2 * EVENTS_OF_EACH, faultRate: 0, createdAt: new Date() }
    const text = JSON.stringify(createSubmission(chance, shape))
    return Buffer.from(text).toString('base64')
  })
}

/** Calls that are full and ready, one behind the other on four connections. */
async function measureCeiling(round: number) {
  const stream = await createTestStream(target, `ceiling-${round}`, SHARDS)
  const client = createKinesisClient(target)
  const Records = Array.from({ length: 500 }, (_, n) => ({
    PartitionKey: `key-${n}`,
    Data: Buffer.alloc(330, 'a'),
  }))
  const calls = Array(100).fill(0)
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (calls.pop() !== undefined) {
        await client.send(new PutRecordsCommand({ StreamName: stream.streamName, Records }))
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  client.destroy()
  return { round, faults: 'none', what: 'emulator alone', 'events/s': Math.round(50_000 / seconds) }
}

async function measure(
  start: (place: Place) => Promise<Worker>,
  bodies: readonly string[],
  fault: KinesisFault | undefined,
) {
  places += 1
  const name = `bench-${places}`
  await sqs.send(new CreateQueueCommand({ QueueName: name }))
  const place = {
    queueUrl: `${aws.url}/000000000000/${name}`,
    stream: await createTestStream(target, name, SHARDS),
  }
  await fill(place.queueUrl, bodies)
  emulator.send({ probability: fault === undefined ? 0 : 0.1, ...(fault && { fault }) })
  await once(emulator, 'message')
  const first = once(emulator, 'message')
  const worker = await start(place)
  await first
  emulator.send('go')
  const startedAt = performance.now()
  const cpuBefore = cpuSeconds(worker.pid)
  await until(() => isEmpty(place.queueUrl), { withinMs: 300_000, what: 'an empty queue' })
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = cpuSeconds(worker.pid) - cpuBefore
  const memory = peakMemoryMb(worker.pid)
  await worker.stop()
  const { events, lost, duplicates, disordered } = await verify(place.stream, bodies)
  return {
    'events/s': Math.round(events / seconds),
    'CPU s per 100,000': (cpu * 100_000) / events,
    'RSS MB': Math.round(memory),
    ...{ lost, duplicates, 'out of order': disordered },
  }
}

async function fill(QueueUrl: string, bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 10) {
    const Entries = bodies
      .slice(at, at + 10)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  }
}

async function isEmpty(QueueUrl: string): Promise<boolean> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  )
  const waiting = Number(Attributes['ApproximateNumberOfMessages'])
  return waiting + Number(Attributes['ApproximateNumberOfMessagesNotVisible']) === 0
}

async function verify(stream: TestStream, bodies: readonly string[]) {
  const stored = (await stream.read()).map(({ text }) => JSON.parse(text))
  const bySubmission = Map.groupBy(stored, ({ submission_id: id }) => id)
  let [events, lost, disordered] = [0, 0, 0]
  for (const body of bodies) {
    const submission = JSON.parse(Buffer.from(body, 'base64').toString())
    const count = (Object.values(submission.events) as unknown[][]).flat().length
    const own = bySubmission.get(submission.submission_id) ?? []
    const seqs = [...new Set(own.map(({ seq }) => seq))]
    events += count
    lost += count - seqs.length
    if (seqs.some((seq, index) => index > 0 && seq < seqs[index - 1])) disordered += 1
  }
  return { events, lost, duplicates: stored.length - (events - lost), disordered }
}

async function startBare({ queueUrl, stream }: Place): Promise<Worker> {
  const args = ['bench/lib/bare-waves.ts', '--queue', queueUrl, '--sqs', aws.url]
  const child: ChildProcess = spawn(
    process.execPath,
    [...args, '--kinesis', proxy, '--stream', stream.streamName],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  return { pid: child.pid ?? 0, stop: () => endChild(child) }
}

function fleetgrid({ queueUrl, stream }: Place): Promise<Worker> {
  return startServer({
    ...AWS_EMULATOR_ENV,
    FLEETGRID_ROLES: 'pipelines',
    SUBMISSION_QUEUE_URL: queueUrl,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_KINESIS: proxy,
    EVENT_STREAM: 'kinesis',
    EVENT_STREAM_NAME: stream.streamName,
  })
}
