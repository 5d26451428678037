import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createSqsDiagnostics } from '../../src/adapters/work-queue/sqs-diagnostics.ts'

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

/** Answers SendMessageBatch as it is told, which no emulator does. */
async function setUp(t: Test, answer: (entries: readonly Entry[]) => object) {
  const batches: (readonly Entry[])[] = []
  const server = createServer(async (request, response) => {
    const { Entries } = JSON.parse(Buffer.concat(await request.toArray()).toString())
    batches.push(Entries)
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(answer(Entries)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const diagnostics = createSqsDiagnostics({
    ...{ aws: { region: 'us-east-1', endpoint, credentials }, queueUrl: `${endpoint}/0/d` },
    ...{
      pollers: 1,
      receiveMax: 10,
      inFlightMax: 10,
      inFlightMaxBytes: 64_000_000,
      visibilityMs: 60_000,
    },
  })
  t.teardown(() => {
    diagnostics.close()
    server.closeAllConnections()
    server.close()
  })
  const keep = (...payloads: string[]) =>
    diagnostics.keep(
      payloads.map((text) => ({
        ...{ topic: 'fleetgrid/submissions', payload: Buffer.from(text) },
        ...{ reason: 'it is wrong', receivedAt: 1_700_000_000_000 },
      })),
    )
  return { keep, batches }
}

const sent = ({ Id, MessageBody }: Entry) => {
  const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex')
  return { Id, MessageId: Id, MD5OfMessageBody }
}

t.test('kept is what the queue names as sent: an answer may be too short', async (t) => {
  const { keep } = await setUp(t, (entries) => ({ Successful: entries.slice(0, 1).map(sent) }))
  t.match(await keep('a', 'b', 'c'), { accepted: 1, retry: [1, 2], retryReason: 'no answer: ' })
  const { keep: keepNone } = await setUp(t, () => ({}))
  t.match(await keepNone('a'), { accepted: 0, retry: [0] })
})

t.test('what no message holds is rejected, and holds up nothing', async (t) => {
  const { keep, batches } = await setUp(t, (entries) => ({ Successful: entries.map(sent) }))
  const largest = 'x'.repeat(1_048_576)
  // As base64, which it has to be sent as, it is larger than SQS takes.
  const odd = `\u{1f600}${'x'.repeat(800_000)}`
  t.match(await keep('a', largest, odd, 'b'), {
    accepted: 2,
    retry: [],
    rejected: [{ index: 1, reason: /larger than 1048576 bytes/ }, { index: 2 }],
  })
  t.same(
    batches.map((batch) => batch.map(({ MessageBody }) => MessageBody)),
    [['a', 'b']],
  )
})

t.test('a batch is as large as what is sent, which may be base64', async (t) => {
  const { keep, batches } = await setUp(t, (entries) => ({ Successful: entries.map(sent) }))
  const odd = `\u{1f600}${'x'.repeat(500_000)}`
  t.match(await keep(odd, odd), { accepted: 2 })
  t.equal(batches.length, 2)
})
