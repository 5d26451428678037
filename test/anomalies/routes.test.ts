import t, { type Test } from 'tap'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { startTestApp } from '../helpers/app.ts'
import { createIngest } from '../helpers/ingest.ts'
import { VIN } from '../helpers/messages.ts'
import { OTHER_VIN } from '../helpers/registry.ts'
import { streamRecord } from '../helpers/stream-records.ts'

const URL = '/anomalies/stream-records'

/** The application whose records go through a real ingest, or to this function. */
async function setUp(t: Test, deliver?: (message: FeedMessage) => void) {
  const stores = await startTestApp(t)
  const { ingest } = createIngest({ fleetIndex: stores.index, deadLetters: stores.deadLetters })
  const deps = { deliver: deliver ?? ingest.deliver.bind(ingest) }
  const { app, token } = await startTestApp(t, { deps })
  const post = async (body: unknown, role: 'operator' | 'viewer' | 'none' = 'operator') => {
    const headers = role === 'none' ? {} : { authorization: `Bearer ${token(role)}` }
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    return app.inject({
      ...{ method: 'POST', url: URL, payload },
      headers: { ...headers, 'content-type': 'application/json' },
    })
  }
  return { ...stores, post }
}

t.test('a batch of Lambda is stored, dead letters are no failures', async (t) => {
  const { post, index, deadLetters } = await setUp(t)
  const Records = [
    streamRecord('INSERT', { sequence: 1 }),
    streamRecord('INSERT', { vin: OTHER_VIN, sequence: 2, item: { value: { N: 'NaN' } } }),
    streamRecord('MODIFY', { vin: OTHER_VIN, type: 'Tyre', sequence: 3 }),
  ]
  const response = await post({ Records })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { batchItemFailures: [] })
  t.same((await index.latestVehicle(VIN))?.anomalies, ['OilTemp'])
  t.same((await index.latestVehicle(OTHER_VIN))?.anomalies, ['Tyre'])
  t.equal(await deadLetters.countOpen(), 1)
  t.same((await post({ Records })).json(), { batchItemFailures: [] }, 'again is no failure')
  t.match(await index.anomalies(VIN), [{ id: 'OilTemp', count: 1 }])
})

t.test('every record that was refused is named', async (t) => {
  let calls = 0
  const { post } = await setUp(t, (message) => {
    calls += 1
    if (calls === 2 || calls === 4) message.refuse('the index is away')
    else message.acknowledge()
  })
  const Records = [1, 2, 3].map((sequence) => streamRecord('INSERT', { sequence }))
  const response = await post({ Records: [...Records, { eventName: 'INSERT' }] })
  t.same(response.json(), {
    batchItemFailures: [{ itemIdentifier: '4421584500000000017450400002' }, { itemIdentifier: '' }],
  })
})

t.test('what is no event of a stream is 400', async (t) => {
  const { post } = await setUp(t)
  const bodies = ['', '{', '[]', '{}', { Records: {} }, { Records: ['x'] }, { Records: [null] }]
  for (const body of bodies) {
    const response = await post(body)
    t.equal(response.statusCode, 400, JSON.stringify(body))
    t.match(response.headers['content-type'], /problem\+json/)
  }
  t.match((await post({ Records: 5 })).json().errors, [{ field: 'Records' }])
})

t.test('an empty batch is done', async (t) => {
  const { post } = await setUp(t)
  t.same((await post({ Records: [] })).json(), { batchItemFailures: [] })
})

t.test('up to 6 MB, and no more', async (t) => {
  const { post } = await setUp(t, (message) => message.acknowledge())
  const record = { eventName: 'INSERT', padding: 'x'.repeat(1_000_000) }
  t.equal((await post({ Records: Array(6).fill(record) })).statusCode, 200)
  t.equal((await post({ Records: Array(7).fill(record) })).statusCode, 413)
})

t.test('only for operators', async (t) => {
  const { post } = await setUp(t)
  t.equal((await post({ Records: [] }, 'viewer')).statusCode, 403)
  t.equal((await post({ Records: [] }, 'none')).statusCode, 401)
})
