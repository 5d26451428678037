import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t, { type Test } from 'tap'
import type { JsonObject } from '../../src/domain/json.ts'
import { startMoto } from '../engines/moto.ts'
import { type AnomalyTable, createAnomalyTable } from '../helpers/anomaly-table.ts'
import { makeQueue } from '../helpers/engines.ts'
import { type RunningFleetgrid, startFleetgrid } from '../helpers/fleetgrid.ts'
import { createRandom } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'

// Anomalies from the stream of a real table: whoever reads it, in whatever order and however often,
// the fleet has in the end what the table has.

const OIL = '5AZYB53IXEE10036'
const BACK_AT_ONCE = '5AZYB49QXDB10031'
const CLEARED = '5AZYG67LX9B10001'
const VINS = [OIL, BACK_AT_ONCE, CLEARED]
const READING = { score: '45.827756308918936', value: '295.82775630891894' }
const SEED = 20_261_121

async function changeAnomalies(table: AnomalyTable): Promise<void> {
  await table.put(OIL, 'OilTemp', READING)
  await table.put(CLEARED, 'OilTemp', READING)
  await table.put(OIL, 'Tyre:front', { score: '1', value: '-2.50' })
  await table.update(OIL, 'OilTemp', '51.5')
  await table.remove(OIL, 'Tyre:front')
  await table.put(BACK_AT_ONCE, 'Brake', READING)
  await table.remove(BACK_AT_ONCE, 'Brake')
  await table.put(BACK_AT_ONCE, 'Brake', { score: '7', value: '8e-3' })
  await table.remove(CLEARED, 'OilTemp')
  await table.remove(CLEARED, 'OilTemp')
  await table.putItem({
    pk: { S: CLEARED },
    sk: { S: 'A:Odd' },
    vin: { S: CLEARED },
    anomaly_type: { S: 'Odd' },
    bytes: { B: Buffer.from([0, 255, 128]) },
    list: { L: [{ M: { on: { BOOL: true }, none: { NULL: true } } }, { NS: ['1', '-2.5'] }] },
  })
  await table.putItem({ pk: { S: CLEARED }, sk: { S: 'PROFILE' }, colour: { S: 'red' } })
}

const EVENTS = 'INSERT INSERT INSERT MODIFY REMOVE INSERT REMOVE INSERT REMOVE INSERT INSERT'.split(
  ' ',
)

async function setUp(t: Test): Promise<{ table: AnomalyTable; records: JsonObject[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-dynamodb-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const engine = await startMoto({ folder })
  t.after(() => engine.stop())
  const table = await createAnomalyTable(t, engine.url)
  await changeAnomalies(table)
  return { table, records: await table.records() }
}

async function checkFleet(t: Test, { get }: RunningFleetgrid, table: AnomalyTable): Promise<void> {
  for (const vin of VINS) {
    t.same((await get(`/vehicles/${vin}`)).body.anomalies, await table.types(vin), vin)
  }
  const lives = async (vin: string) => (await get(`/vehicles/${vin}/anomalies`)).body.anomalies
  t.match(await lives(OIL), [
    { id: 'OilTemp', active: true, count: 2 },
    { id: 'Tyre:front', active: false, count: 1 },
  ])
  t.match(await lives(BACK_AT_ONCE), [{ id: 'Brake', active: true, count: 1 }])
  t.match(await lives(CLEARED), [
    { id: 'Odd', active: true, count: 1 },
    { id: 'OilTemp', active: false, count: 1 },
  ])
  t.same((await get('/dead-letters')).body.deadLetters, [])
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const keyed = values.map((value) => ({ value, key: random() }))
  return keyed.sort((left, right) => left.key - right.key).map(({ value }) => value)
}

t.test('changes of the table of anomalies', async (t) => {
  const { table, records } = await setUp(t)
  t.same(
    records.map(({ eventName }) => eventName),
    EVENTS,
  )

  t.test('one by one through the queue of a pipe, twice and shuffled', async (t) => {
    const { url, region, endpoint } = await makeQueue(t)
    const client = new SQSClient({ region, endpoint })
    t.after(() => client.destroy())
    const service = await startFleetgrid(t, {
      ANOMALY_QUEUE_URL: url,
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
    })
    const sent = shuffled([...records, ...records], createRandom(SEED))
    for (const record of sent) {
      const MessageBody = JSON.stringify(record)
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
    }
    await until(async () => (await service.metric(/^fleetgrid_messages_total\{/)) === sent.length, {
      what: 'an outcome for each message',
    })
    await checkFleet(t, service, table)
  })

  t.test('as a batch of Lambda, then again in other orders', async (t) => {
    const service = await startFleetgrid(t)
    const random = createRandom(SEED)
    for (const Records of [records, records.toReversed(), shuffled(records, random)]) {
      t.same(await submit(service, Records), { batchItemFailures: [] })
      await checkFleet(t, service, table)
    }
  })

  t.test('as a batch of Lambda whose last change comes first', async (t) => {
    const service = await startFleetgrid(t)
    t.same(await submit(service, records.toReversed()), { batchItemFailures: [] })
    await checkFleet(t, service, table)
  })
})

async function submit({ httpUrl, token }: RunningFleetgrid, Records: JsonObject[]) {
  const answer = await fetch(`${httpUrl}/anomalies/stream-records`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token('operator')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ Records }),
  })
  return answer.json()
}
