import { join } from 'node:path'
import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import t, { type Test } from 'tap'
import { createSubmission, createUuid } from '../../simulators/submissions/create-submission.ts'
import { AWS_EMULATOR_ENV, startAws } from '../engines/aws.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { startKinesis } from '../helpers/kinesis.ts'
import { type KinesisFault, startKinesisFaults } from '../helpers/kinesis-faults.ts'
import { createRandom } from '../helpers/random.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Submissions come through a queue and leave as events, while the stream fails in every documented way
// and the workers are killed. Every event is counted, in its order.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const SUBMISSIONS = 5000
const KILLS = 10
const FAULTS: readonly KinesisFault[] = ['all', 'subset', 'throttle', 'error', 'reset', 'lost']

t.comment(`seed ${SEED}`)
Object.assign(process.env, AWS_EMULATOR_ENV)
const folder = engineFolder(t)
const aws = await startAws({ folder })
t.teardown(() => aws.stop())
const sqs = new SQSClient({ region: AWS_EMULATOR_ENV.AWS_REGION, endpoint: aws.url })
t.teardown(() => sqs.destroy())

interface Expected {
  readonly id: string
  readonly isValid: boolean
  readonly events: number
}

interface StoredEvent {
  readonly event_id: string
  readonly submission_id: string
  readonly seq: number
}

t.test('two workers, killed ten times, one call in ten fails', { timeout: 400_000 }, async (t) => {
  const random = createRandom(SEED)
  const kinesis = await startKinesis(t)
  const proxy = await startKinesisFaults({
    target: kinesis.endpoint,
    random,
    choose: () => (random() < 0.1 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined),
  })
  t.teardown(() => proxy.close())
  await sqs.send(new CreateQueueCommand({ QueueName: 'submissions' }))
  await sqs.send(new CreateQueueCommand({ QueueName: 'diagnostics' }))
  const queueUrl = (name: string) => `${aws.url}/000000000000/${name}`
  const env = {
    ...AWS_EMULATOR_ENV,
    FLEETGRID_ROLES: 'pipelines',
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_KINESIS: proxy.url,
    SUBMISSION_QUEUE_URL: queueUrl('submissions'),
    EVENT_STREAM: 'kinesis',
    EVENT_STREAM_NAME: kinesis.streamName,
    SQS_VISIBILITY_S: '10',
  }
  const data = engineFolder(t)
  const services = await Promise.all(
    ['1', '2'].map((n) => createService(t, { ...env, DATA_DIR: join(data, n) })),
  )
  await Promise.all(services.map((service) => service.start()))

  const expected: Expected[] = []
  const sending = sendSubmissions(random, queueUrl('submissions'), expected)
  for (let kill = 0; kill < KILLS; kill += 1) {
    const target = Math.floor((SUBMISSIONS * (kill + random())) / KILLS)
    await until(() => expected.length >= target, { withinMs: 120_000, what: 'submissions sent' })
    const service = services[kill % 2]
    await service?.kill('SIGKILL')
    await service?.start()
  }
  await sending

  const valid = expected.filter(({ isValid }) => isValid)
  const total = valid.reduce((sum, { events }) => sum + events, 0)
  let stored: StoredEvent[] = []
  await until(
    async () => {
      stored = (await kinesis.read()).map(({ text }) => JSON.parse(text))
      return new Set(stored.map(({ event_id: id }) => id)).size >= total
    },
    { withinMs: 120_000, what: `${total} events` },
  )
  const bySubmission = Map.groupBy(stored, ({ submission_id: id }) => id)
  t.equal(bySubmission.size, valid.filter(({ events }) => events > 0).length)
  let duplicates = 0
  for (const { id, events } of valid) {
    const own = bySubmission.get(id) ?? []
    // A Set keeps the order of first occurrences.
    const seqs = [...new Set(own.map(({ seq }) => seq))]
    if (seqs.length !== events || seqs.some((seq, index) => seq !== index)) {
      t.fail(`${id}: ${events} events in order`, { seqs })
    }
    const ids = new Set(own.map(({ seq, event_id: eventId }) => `${seq} ${eventId}`))
    if (ids.size !== events) t.fail(`${id}: every duplicate has the same id`)
    duplicates += own.length - events
  }
  t.comment(
    `${expected.length} submissions, ${valid.length} valid, ${total} events, ${duplicates} duplicates; calls: ${JSON.stringify(proxy.counts)}`,
  )
  for (const fault of FAULTS) t.ok(proxy.counts[fault] > 0, fault)
  await verifyLetters(t, services, expected.length - valid.length)
  for (const service of services) t.equal(await service.kill('SIGTERM'), 0)
})

async function sendSubmissions(
  random: () => number,
  QueueUrl: string,
  expected: Expected[],
): Promise<void> {
  const chance = { next: random }
  const devices = Array.from({ length: 100 }, () => createUuid(chance))
  while (expected.length < SUBMISSIONS) {
    const bodies = Array.from({ length: 10 }, () => {
      const deviceId = devices[Math.floor(random() * devices.length)] ?? ''
      const shape = { deviceId, eventsMax: 5, faultRate: 0.01, createdAt: new Date() }
      const submission = createSubmission(chance, shape) as any
      expected.push(expectedOf(submission))
      return Buffer.from(JSON.stringify(submission)).toString('base64')
    })
    const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  }
}

/** What the generator made wrong, by its literal values. */
function expectedOf(submission: any): Expected {
  const text = JSON.stringify(submission)
  const { new_process: processes, network_connection: connections } = submission.events
  return {
    id: submission.submission_id,
    isValid: !/not-an-uuid|not-an-ip|"cmdl":null/.test(text),
    events: processes.length + connections.length,
  }
}

/** Each worker keeps the rejected ones that it got; the same one may have come to both. */
async function verifyLetters(
  t: Test,
  services: readonly { get(path: string): Promise<any> }[],
  rejected: number,
): Promise<void> {
  const payloads = new Set<string>()
  for (const service of services) {
    let offset: number | null = 0
    while (offset !== null) {
      const page: any = await service.get(`/dead-letters?maxResults=50&offset=${offset}`)
      for (const { payload } of page.deadLetters) payloads.add(payload)
      offset = page.offset
    }
  }
  t.equal(payloads.size, rejected, 'rejected ones are kept')
}
