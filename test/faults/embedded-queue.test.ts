import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { createSubmission, createUuid } from '../../simulators/submissions/create-submission.ts'
import { EVENT_STREAM_FILE } from '../../src/adapters/event-stream/embedded/log-writer.ts'
import { choosePort } from '../engines/engine.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createRandom } from '../helpers/random.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// The queue of the data folder and the log of events, in a process that is killed: what the queue has
// answered for comes out, each event, in order.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const SUBMISSIONS = 200
const KILLED_AFTER = [60, 130, SUBMISSIONS]

interface StoredEvent {
  readonly event_id: string
  readonly submission_id: string
  readonly seq: number
}

t.comment(`seed ${SEED}`)

t.test('200 submissions, killed three times', { timeout: 200_000 }, async (t) => {
  const port = await choosePort(0)
  const DATA_DIR = engineFolder(t)
  const service = await createService(t, {
    DATA_DIR,
    FLEETGRID_ROLES: 'pipelines',
    SUBMISSION_QUEUE: 'embedded',
    SUBMISSION_QUEUE_PORT: String(port),
    SQS_VISIBILITY_S: '10',
  })
  await service.start()
  const submissions = createSubmissions()
  let answered = 0
  const sending = sendAll(t, port, submissions, () => {
    answered += 1
  })
  for (const count of KILLED_AFTER) {
    await until(() => answered >= count, { withinMs: 60_000, what: `${count} sent` })
    t.equal(await service.kill('SIGKILL'), 'SIGKILL')
    await service.start()
  }
  await sending

  const total = submissions.reduce((sum, { events }) => sum + events, 0)
  let stored: StoredEvent[] = []
  await until(
    () => {
      stored = readEvents(DATA_DIR)
      return new Set(stored.map(({ event_id: id }) => id)).size >= total
    },
    { withinMs: 60_000, what: `${total} events` },
  )
  const bySubmission = Map.groupBy(stored, ({ submission_id: id }) => id)
  for (const { id, events } of submissions) {
    // A Set keeps the order of first occurrences.
    const seqs = [...new Set((bySubmission.get(id) ?? []).map(({ seq }) => seq))]
    if (seqs.length !== events || seqs.some((seq, index) => seq !== index)) {
      t.fail(`${id}: ${events} events in order`, { seqs })
    }
  }
  t.equal(new Set(stored.map(({ event_id: id }) => id)).size, total)
  t.comment(`${total} events, ${stored.length - total} more than once`)
  t.equal(await service.kill('SIGTERM'), 0)
})

function createSubmissions() {
  const chance = { next: createRandom(SEED) }
  const deviceId = createUuid(chance)
  return Array.from({ length: SUBMISSIONS }, () => {
    const shape = { deviceId, eventsMax: 5, faultRate: 0, createdAt: new Date() }
    const submission = createSubmission(chance, shape) as any
    const { new_process: processes, network_connection: connections } = submission.events
    const events: number = processes.length + connections.length
    return { id: submission.submission_id as string, text: JSON.stringify(submission), events }
  })
}

/** Each until it is answered for. */
async function sendAll(
  t: { teardown(close: () => void): void },
  port: number,
  submissions: readonly { readonly text: string }[],
  onAnswer: () => void,
): Promise<void> {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const endpoint = `http://127.0.0.1:${port}`
  const client = new SQSClient({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 })
  t.teardown(() => client.destroy())
  const QueueUrl = `${endpoint}/000000000000/submissions`
  for (const { text: MessageBody } of submissions) {
    const send = () => client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
    const isTaken = () =>
      send().then(
        () => true,
        () => false,
      )
    await until(isTaken, { withinMs: 60_000, what: 'a queue that answers' })
    onAnswer()
  }
}

function readEvents(dataDir: string): StoredEvent[] {
  const db = new DatabaseSync(join(dataDir, EVENT_STREAM_FILE), { readOnly: true })
  try {
    const rows = db.prepare('SELECT data FROM event ORDER BY number').all()
    return rows.map(({ data }) => JSON.parse(Buffer.from(data as Uint8Array).toString()))
  } finally {
    db.close()
  }
}
