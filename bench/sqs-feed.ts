import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { createSqsFeed } from '../src/adapters/telemetry-feed/sqs.ts'
import { cardataPayload } from './lib/cardata.ts'
import { peakMemoryMb } from './lib/process-stats.ts'
import { report } from './lib/report.ts'

// The SQS feed alone: long polls, envelopes, batched deletes; every message is acknowledged as it
// comes. The queue is a server in another process that always has ten messages and no delay.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    pollers: { type: 'string', default: '4,16' },
    serve: { type: 'boolean', default: false },
  },
})

if (values.serve) serve()
else await measureAll()

function serve(): void {
  const payload = cardataPayload(1, Date.now(), 1).toString('base64')
  const Body = JSON.stringify({ topic: 'dt/cvra/ECU-1/cardata', payload })
  const MD5OfBody = createHash('md5').update(Body).digest('hex')
  const Attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) }
  let count = 0
  const receive = (): string => {
    const Messages = Array.from({ length: 10 }, () => {
      count += 1
      return { MessageId: `m${count}`, ReceiptHandle: `r${count}`, MD5OfBody, Body, Attributes }
    })
    return JSON.stringify({ Messages })
  }
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const isReceive = request.headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage'
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(isReceive ? receive() : '{"Successful":[],"Failed":[]}')
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

async function measureAll(): Promise<void> {
  const server = fork(import.meta.filename, ['--serve'])
  const port = await new Promise<number>((resolve) => server.once('message', resolve))
  const rows = []
  for (const pollers of values.pollers.split(',')) rows.push(await measure(port, Number(pollers)))
  server.kill()
  report('SQS feed, null handler', rows)
}

async function measure(port: number, pollers: number) {
  const messages = Number(values.messages)
  process.env['AWS_ACCESS_KEY_ID'] ??= 'bench'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'bench'
  const feed = createSqsFeed(
    {
      aws: { region: 'us-east-1', endpoint: `http://127.0.0.1:${port}` },
      queueUrl: `http://127.0.0.1:${port}/000000000000/bench`,
      pollers,
      receiveMax: 10,
      inFlightMax: 5000,
      inFlightMaxBytes: 64_000_000,
      visibilityMs: 60_000,
    },
    { envelope: 'iot-rule', onEvent: () => undefined, now: Date.now },
  )
  let count = 0
  let finish = (): void => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await feed.start((message) => {
    message.acknowledge()
    count += 1
    if (count === messages) finish()
  })
  await finished
  await feed.close()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    pollers,
    messages: count,
    perSecond: Math.round(count / seconds),
    cpuSecondsPer100k: Number(((user + system) / 1e6 / (count / 100_000)).toFixed(2)),
    peakMemoryMb: peakMemoryMb(process.pid),
  }
}
