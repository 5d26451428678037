import t, { type Test } from 'tap'
import {
  ANOMALY_RECORDS_TOPIC,
  ENVELOPE_FAULTS_TOPIC,
  RULE_ERRORS_TOPIC,
} from '../../src/ports/telemetry-feed.ts'
import { startTestApp } from '../helpers/app.ts'
import { createIngest } from '../helpers/ingest.ts'
import { bytes, cardata, VIN } from '../helpers/messages.ts'
import { OTHER_VIN } from '../helpers/registry.ts'
import { ruleError } from '../helpers/rule-error.ts'
import { streamRecord } from '../helpers/stream-records.ts'

// Anomalies, rule errors and broken envelopes on their way through ingest to the stores.

async function setUp(t: Test) {
  const { index, deadLetters } = await startTestApp(t)
  const { ingest, deliver } = createIngest({ fleetIndex: index, deadLetters })
  const letters = async () => (await deadLetters.list({ after: 0, limit: 50 })).letters
  const anomalies = async (vin: string) =>
    (await index.latestVehicle(vin))?.anomalies ?? 'no such vehicle'
  return { index, deadLetters, ingest, deliver, letters, anomalies }
}

t.test(
  'a record, an array and a batch of Lambda: several vehicles, each record counts',
  async (t) => {
    const { deliver, anomalies, index, letters } = await setUp(t)
    const one = streamRecord('INSERT', { type: 'Brake', sequence: 1 })
    t.equal(await deliver(ANOMALY_RECORDS_TOPIC, one), 'acknowledged')
    const raised = streamRecord('INSERT', { vin: OTHER_VIN, sequence: 2 })
    const tyre = streamRecord('MODIFY', { vin: OTHER_VIN, type: 'Tyre', sequence: 3 })
    t.equal(await deliver(ANOMALY_RECORDS_TOPIC, [raised, tyre]), 'acknowledged')
    const removed = streamRecord('REMOVE', { vin: OTHER_VIN, sequence: 4, at: 1_587_492_900 })
    const again = streamRecord('MODIFY', { type: 'Brake', sequence: 5 })
    t.equal(await deliver(ANOMALY_RECORDS_TOPIC, { Records: [removed, again] }), 'acknowledged')
    t.same(await anomalies(VIN), ['Brake'])
    t.same(await anomalies(OTHER_VIN), ['Tyre'])
    t.match(await index.anomalies(VIN), [{ id: 'Brake', active: true, count: 2 }])
    t.match(
      await index.anomalies(OTHER_VIN),
      [
        { id: 'Tyre', active: true },
        { id: 'OilTemp', active: false },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
    t.equal((await letters()).length, 0)
  },
)

t.test('a bad record in a batch is a dead letter of its own, and can be redriven', async (t) => {
  const { deliver, anomalies, letters, ingest } = await setUp(t)
  const bad = streamRecord('INSERT', { item: { vin: undefined, pk: undefined } })
  const good = streamRecord('INSERT', { sequence: 2 })
  t.equal(await deliver(ANOMALY_RECORDS_TOPIC, { Records: [bad, good, 7] }), 'acknowledged')
  t.same(await anomalies(VIN), ['OilTemp'])
  const kept = await letters()
  t.equal(kept.length, 2)
  const [letter] = kept.filter(({ reason }) => /neither vin nor pk/.test(reason))
  t.same(JSON.parse(Buffer.from(letter?.payload ?? '').toString()), bad)
  t.equal(letter?.topic, ANOMALY_RECORDS_TOPIC)
  if (letter !== undefined) t.match(await ingest.redrive(letter), { outcome: 'dead-lettered' })
})

t.test('what is no record at all is one dead letter', async (t) => {
  const { deliver, letters } = await setUp(t)
  t.equal(await deliver(ANOMALY_RECORDS_TOPIC, Buffer.from('{"Records":')), 'acknowledged')
  t.equal(
    await deliver(ANOMALY_RECORDS_TOPIC, Buffer.from(`${'['.repeat(50_000)}`)),
    'acknowledged',
  )
  t.equal(await deliver(ANOMALY_RECORDS_TOPIC, { Records: [] }), 'acknowledged', 'nothing to do')
  t.equal((await letters()).length, 2)
})

t.test('a batch of which one record is refused is refused as a whole', async (t) => {
  const { deliver, ingest, index } = await setUp(t)
  await index.close()
  const answer = deliver(ANOMALY_RECORDS_TOPIC, [streamRecord('INSERT'), { not: 'usable' }])
  ingest.abort('this instance is stopping')
  t.match(await answer, /stopping/)
})

t.test(
  'a rule error becomes a dead letter of the original, which redrive sends through',
  async (t) => {
    const { deliver, letters, ingest, index } = await setUp(t)
    const topic = 'dt/cvra/ECU-1/cardata'
    t.equal(await deliver(RULE_ERRORS_TOPIC, ruleError(topic, bytes(cardata()))), 'acknowledged')
    const [letter] = await letters()
    t.match(letter, { topic, reason: /^the IoT rule fleet_cardata failed: S3Action on us-east-1/ })
    t.ok(bytes(cardata()).equals(Buffer.from(letter?.payload ?? '')))
    t.equal(await index.latestVehicle(VIN), undefined)
    if (letter !== undefined) t.same(await ingest.redrive(letter), { outcome: 'accepted' })
    t.match(await index.latestVehicle(VIN), { vin: VIN, telemetry: { fuelL: 1.0735 } })
  },
)

t.test('a rule error that cannot be read is a dead letter itself', async (t) => {
  const { deliver, letters } = await setUp(t)
  t.equal(await deliver(RULE_ERRORS_TOPIC, { ruleName: 'x' }), 'acknowledged')
  t.match(await letters(), [{ topic: RULE_ERRORS_TOPIC, reason: /topic/ }])
})

t.test('a broken envelope of a queue is kept with what the rule must say', async (t) => {
  const { deliver, letters } = await setUp(t)
  t.equal(await deliver(ENVELOPE_FAULTS_TOPIC, Buffer.from('{"VIN":"x"}')), 'acknowledged')
  t.match(await letters(), [{ reason: /SELECT encode\(\*, 'base64'\) AS payload, topic\(\)/ }])
})
