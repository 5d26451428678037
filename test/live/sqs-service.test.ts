import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { makeQueue } from '../helpers/engines.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { bytes, cardata, VIN } from '../helpers/messages.ts'
import { OTHER_VIN } from '../helpers/registry.ts'
import { ruleError } from '../helpers/rule-error.ts'
import { streamRecord } from '../helpers/stream-records.ts'
import { until } from '../helpers/until.ts'

t.test('the whole service on three queues: telemetry, anomalies, rule errors', async (t) => {
  const [telemetry, anomalies, errors] = [
    await makeQueue(t),
    await makeQueue(t),
    await makeQueue(t),
  ]
  const { region, endpoint } = telemetry
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const send = (QueueUrl: string, message: unknown) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }))
  const { fleetgrid, metric, get, post } = await startFleetgrid(t, {
    TELEMETRY_FEED: 'sqs',
    TELEMETRY_QUEUE_URL: telemetry.url,
    ANOMALY_QUEUE_URL: anomalies.url,
    RULE_ERROR_QUEUE_URL: errors.url,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    SQS_VISIBILITY_S: '10',
  })
  const topic = 'dt/cvra/ECU-1/cardata'
  await send(telemetry.url, { topic, payload: bytes(cardata()).toString('base64') })
  await send(telemetry.url, { not: 'an envelope' })
  await client.send(
    new SendMessageCommand({
      QueueUrl: telemetry.url,
      MessageBody: `{"topic":"${topic}","payload":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    }),
  )
  await send(anomalies.url, streamRecord('INSERT'))
  await send(anomalies.url, { Records: [streamRecord('MODIFY', { type: 'Tyre', sequence: 2 })] })
  await send(errors.url, ruleError(topic, bytes(cardata({ VIN: OTHER_VIN }))))
  await until(async () => (await metric(/fleetgrid_messages_total\{.*"stored"/)) === 3, {
    what: 'three stored messages',
  })
  const view = await fleetgrid.ports.fleetIndex.latestVehicle(VIN)
  t.match(view, { telemetry: { fuelL: 1.0735 }, anomalies: ['OilTemp', 'Tyre'] })
  const letters = await until(
    async () => {
      const found: { id: string; topic: string }[] = (await get('/dead-letters')).body.deadLetters
      return found.length === 3 ? found : undefined
    },
    { what: 'three dead letters' },
  )
  t.same(letters.map((letter) => letter.topic).sort(), [
    topic,
    'fleetgrid/sqs-envelope',
    'fleetgrid/sqs-envelope',
  ])
  const original = letters.find((letter) => letter.topic === topic)
  t.match(await post(`/dead-letters/${original?.id}/redrive`), { body: { outcome: 'accepted' } })
  t.match(await fleetgrid.ports.fleetIndex.latestVehicle(OTHER_VIN), { vin: OTHER_VIN })
})
