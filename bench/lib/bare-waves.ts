import { parseArgs } from 'node:util'
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'

// The least that a program on Node can do with this work and keep the order: no check, no accounting, no
// heartbeat, no pace. The k-th events of up to 500 submissions go together; what fails goes again.

const { values } = parseArgs({
  options: {
    queue: { type: 'string', default: '' },
    sqs: { type: 'string', default: '' },
    kinesis: { type: 'string', default: '' },
    stream: { type: 'string', default: '' },
  },
})
const RECEIVERS = 4
const IN_FLIGHT_MAX = 5000
const WAVE_MAX = 500
const WAVES_AT_ONCE = 4

interface Lane {
  readonly handle: string
  readonly key: string
  readonly events: readonly Buffer[]
  at: number
}

const region = 'us-east-1'
const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' }
const sqs = new SQSClient({ region, credentials, endpoint: values.sqs, maxAttempts: 1 })
const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 32 } })
const kinesis = new KinesisClient({
  ...{ region, credentials, endpoint: values.kinesis, maxAttempts: 1, requestHandler },
})
const QueueUrl = values.queue
let ready: Lane[] = []
let inFlight = 0
let waves = 0
let done: string[] = []
process.once('SIGTERM', () => process.exit(0))
for (let n = 0; n < RECEIVERS; n += 1) void receive()
console.log('ready')

async function receive(): Promise<void> {
  for (;;) {
    if (inFlight >= IN_FLIGHT_MAX) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    inFlight += Messages.length
    for (const { Body = '', ReceiptHandle: handle = '' } of Messages) {
      const {
        device_id: key,
        submission_id: id,
        events,
      } = JSON.parse(Buffer.from(Body, 'base64').toString())
      const all = Object.entries(events).flatMap(([type, list]) =>
        (list as object[]).map((details) => ({ type, details })),
      )
      const records = all.map((event, seq) =>
        Buffer.from(JSON.stringify({ ...event, seq, submission_id: id, device_id: key })),
      )
      if (records.length === 0) finish(handle)
      else ready.push({ handle, key, events: records, at: 0 })
    }
    pump()
  }
}

function pump(): void {
  while (ready.length > 0 && waves < WAVES_AT_ONCE) {
    if (waves > 0 && ready.length < WAVE_MAX) return
    const wave = ready.slice(0, WAVE_MAX)
    ready = ready.slice(WAVE_MAX)
    void send(wave)
  }
}

async function send(wave: readonly Lane[]): Promise<void> {
  waves += 1
  const Records = wave.map(({ key, events, at }) => ({ PartitionKey: key, Data: events[at] }))
  const put = new PutRecordsCommand({ StreamName: values.stream, Records })
  const { Records: answers = [] } = await kinesis.send(put).catch(() => ({ Records: [] }))
  for (const [index, lane] of wave.entries()) {
    const answer = answers[index]
    if (answer !== undefined && !answer.ErrorCode) lane.at += 1
    if (lane.at < lane.events.length) ready.push(lane)
    else finish(lane.handle)
  }
  waves -= 1
  pump()
}

function finish(handle: string): void {
  inFlight -= 1
  done.push(handle)
  if (done.length === 10) flush()
  else if (done.length === 1) setTimeout(flush, 50)
}

function flush(): void {
  if (done.length === 0) return
  const Entries = done.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
  done = []
  void sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
}
