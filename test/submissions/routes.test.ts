import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { encode, SAMPLE, submission } from './submissions.ts'

const event = { new_process: [{ cmdl: null, user: 'a' }] }

t.test('submissions over HTTP, in both envelopes, into the embedded stream', async (t) => {
  const { send, get, post, metric, config } = await startFleetgrid(t)
  const stored = () => {
    const db = new DatabaseSync(join(config.dataDir, 'event-stream.db'), { readOnly: true })
    const rows = db.prepare('SELECT data FROM event ORDER BY number').all()
    db.close()
    return rows.map(({ data }) => JSON.parse(Buffer.from(data as Uint8Array).toString()))
  }
  const lambda = {
    Records: [
      { messageId: 'one', body: encode(SAMPLE), attributes: { SentTimestamp: '1652066638982' } },
      { messageId: 'two', body: encode(submission({ events: event })), eventSource: 'aws:sqs' },
      { messageId: 'three', body: 'nonsense' },
    ],
  }
  t.match(await send('POST', '/submissions/replay', lambda), {
    status: 200,
    body: { batchItemFailures: [], published: 1, rejected: 2, events: 7 },
  })
  t.match(stored(), [{ device_id: SAMPLE.device_id, seq: 0 }, ...Array(6).fill({})])
  const received = { Messages: [{ MessageId: 'one', Body: JSON.stringify(SAMPLE) }] }
  t.match(await send('POST', '/submissions/replay', received), {
    body: { published: 1, events: 7 },
  })
  const events = stored()
  t.equal(events.length, 14, 'another spelling of the same is not recognised')
  t.equal(new Set(events.map(({ event_id: id }) => id)).size, 7, 'but has the same ids')

  const devices = await get('/submissions/devices', 'operator')
  t.match(devices, {
    status: 200,
    body: {
      devices: [
        {
          ...{ deviceId: SAMPLE.device_id, valid: 2, invalid: 1 },
          lastReason: /^events.new_process\[0\] has a cmdl that is not a string/,
        },
      ],
      others: { valid: 0, invalid: 1 },
    },
  })
  t.equal(await metric(/fleetgrid_submissions_total\{outcome="published",encoding="base64"\}/), 1)
  t.equal(await metric(/fleetgrid_submission_events_total\{outcome="published"\}/), 14)

  const { body } = await get('/dead-letters?topic=fleetgrid/submissions', 'operator')
  t.equal(body.deadLetters.length, 2)
  const [{ id }] = body.deadLetters
  t.match(await post(`/dead-letters/${id}/redrive`), { body: { outcome: 'dead-lettered' } })
  t.match(await get(`/dead-letters/${id}`, 'operator'), { body: { count: 1, state: 'open' } })
})

t.test('wrong requests, and who may ask', async (t) => {
  const { send, get } = await startFleetgrid(t)
  const wrong = [{}, { Records: {} }, { Messages: [{ Body: 'x' }] }, { Records: [{}] }]
  // An empty itemIdentifier is, for Lambda, a failure of the whole batch.
  const unnamed = [
    { Records: [{ messageId: '', body: 'x' }] },
    { Messages: [{ MessageId: '', Body: 'x' }] },
  ]
  for (const body of [...wrong, ...unnamed]) {
    t.match(await send('POST', '/submissions/replay', body), { status: 400 })
  }
  t.match(await send('POST', '/submissions/replay', { Records: [] }), {
    body: { batchItemFailures: [], published: 0, events: 0 },
  })
  t.match(await get('/submissions/devices?limit=0', 'operator'), { status: 400 })
  t.match(await get('/submissions/devices', 'viewer'), { status: 403 })
})

t.test('one bad event costs only itself, if that is the setting', async (t) => {
  const { send, get, post } = await startFleetgrid(t, { SUBMISSION_BAD_EVENTS: 'drop-event' })
  const events = { new_process: [...event.new_process, ...SAMPLE.events.new_process] }
  const body = encode(submission({ events }))
  t.match(await send('POST', '/submissions/replay', { Records: [{ messageId: 'a', body }] }), {
    body: { published: 0, rejected: 1, events: 4 },
  })
  const letters = (await get('/dead-letters', 'operator')).body.deadLetters
  t.match(letters, [
    { reason: 'published without events.new_process[0] has a cmdl that is not a string' },
  ])
  t.match(await post(`/dead-letters/${letters[0].id}/redrive`), {
    body: { outcome: 'dead-lettered' },
  })
})

t.test('while the stream is away so many wait, and no more are taken', async (t) => {
  const { fleetgrid, send } = await startFleetgrid(t)
  const { eventStream } = fleetgrid.ports
  const append = eventStream.append.bind(eventStream)
  const { promise: isBack, resolve: comeBack } = Promise.withResolvers<void>()
  eventStream.append = async (records) => {
    await isBack
    return append(records)
  }
  const large = {
    new_process: Array.from({ length: 70 }, () => ({ cmdl: 'x'.repeat(80_000), user: '' })),
  }
  const body = JSON.stringify(submission({ events: large }))
  const replay = () => send('POST', '/submissions/replay', { Records: [{ messageId: '1', body }] })
  const answers = Array.from({ length: 12 }, replay)
  const isRefused = ({ status }: { status: number }) => status === 503
  t.ok(isRefused(await Promise.race(answers)), 'those that find no room, at once')
  comeBack()
  const all = await Promise.all(answers)
  t.equal(all.filter(isRefused).length, 1)
  t.match(
    all.find((answer) => !isRefused(answer)),
    { status: 200, body: { published: 1 } },
  )
  t.match(await replay(), { status: 200 }, 'there is room again')
})

t.test('without the role there are no such routes', async (t) => {
  const { get } = await startFleetgrid(t, { FLEETGRID_ROLES: 'fleet-api' })
  t.match(await get('/submissions/devices', 'operator'), { status: 404 })
})
