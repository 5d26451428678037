import { connectAsync } from 'mqtt'
import t, { type Test } from 'tap'
import { engineFolder } from '../helpers/engine-folder.ts'
import { startKinesis } from '../helpers/kinesis.ts'
import { type KinesisFault, startKinesisFaults } from '../helpers/kinesis-faults.ts'
import { event } from '../helpers/messages.ts'
import { createRandom } from '../helpers/random.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// What vehicles publish goes on to Kinesis, which fails some of it, and the process is killed in between.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const VEHICLES = 60
const MESSAGES = 4000
const IN_FLIGHT = 300
/** What tests the order is that a call stores later records and not the ones before them. */
const FAULTS: readonly KinesisFault[] = ['subset', 'subset', 'subset', 'lost', 'throttle']

interface Published {
  readonly event_id: string
  readonly vin: string
  readonly message: { readonly Number: number }
}

t.comment(`seed ${SEED}`)

t.test(
  'killed once, one call in ten fails: acknowledged is published, in the order of each vehicle',
  { timeout: 100_000 },
  async (t) => {
    const random = createRandom(SEED)
    const { service, proxy, readPublished } = await setUp(t, random, () =>
      random() < 0.1 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined,
    )
    const publishing = await publishAll(t, service.mqttUrl, MESSAGES)
    await until(() => publishing.acknowledged() > MESSAGES / 2, { withinMs: 60_000 })
    const acknowledged = publishing.acknowledged()
    await service.kill('SIGKILL')
    const publishedThen = new Set((await readPublished()).map(({ event_id: id }) => id)).size
    t.ok(publishedThen >= acknowledged, `${acknowledged} acknowledged, ${publishedThen} published`)
    await service.start()
    await publishing.finished

    const published = await readPublished()
    const idOf = new Map<number, string>()
    const first = new Map<string, number[]>()
    for (const { event_id: id, vin, message } of published) {
      const known = idOf.get(message.Number)
      if (known !== undefined) {
        if (known !== id) t.fail(`${message.Number} has two ids`)
        continue
      }
      idOf.set(message.Number, id)
      const own = first.get(vin) ?? []
      first.set(vin, own)
      own.push(message.Number)
    }
    t.equal(idOf.size, MESSAGES, 'every message is published')
    t.equal(new Set(idOf.values()).size, MESSAGES, 'each has an id of its own')
    for (const [vin, numbers] of first) {
      const isInOrder = numbers.every((number, place) => number > (numbers[place - 1] ?? -1))
      if (!isInOrder) t.fail(`${vin} is out of order`, { numbers })
    }
    t.comment(`${published.length - MESSAGES} duplicates; calls: ${JSON.stringify(proxy.counts)}`)
    t.equal(await service.kill('SIGTERM'), 0)
  },
)

t.test('the stream is away: senders wait, readiness says so, stopping waits, too', async (t) => {
  let isAway = false
  const setting = await setUp(t, createRandom(SEED), () => (isAway ? 'error' : undefined))
  const { service, readPublished } = setting
  const problems = async (): Promise<string[]> => (await service.get('/ready')).problems
  isAway = true
  const publishing = await publishAll(t, service.mqttUrl, 100)
  await until(async () => (await problems()).length > 0)
  const told = await problems()
  t.equal(told.length, 1, 'told once, whoever else publishes')
  t.match(told[0], /injected/)
  t.equal(publishing.acknowledged(), 0)
  const ended = service.kill('SIGTERM')
  await until(async () => (await problems()).length > 1)
  isAway = false
  t.equal(await ended, 0)
  await publishing.finished
  t.equal((await readPublished()).length, 100)
})

/** One instance before Kinesis, and what is in it. */
async function setUp(t: Test, random: () => number, choose: () => KinesisFault | undefined) {
  const kinesis = await startKinesis(t)
  const proxy = await startKinesisFaults({ target: kinesis.endpoint, random, choose })
  t.teardown(() => proxy.close())
  const service = await createService(t, {
    ...{ DATA_DIR: engineFolder(t), VEHICLE_EVENTS: 'on' },
    FLEETGRID_ROLES: 'telemetry,pipelines',
    ...{ EVENT_STREAM: 'kinesis', EVENT_STREAM_NAME: kinesis.streamName },
    ...{ AWS_ENDPOINT_URL_KINESIS: proxy.url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  })
  await service.start()
  const readPublished = async (): Promise<Published[]> =>
    (await kinesis.read()).map(({ text }) => JSON.parse(text))
  return { service, proxy, readPublished }
}

/** Of all vehicles in turn, on one connection, with a window in flight; sent again until acknowledged. */
async function publishAll(t: Test, url: string, count: number) {
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 50 })
  client.on('error', () => undefined)
  t.teardown(() => client.endAsync(true))
  const startAt = Date.now() - count
  let next = 0
  let acknowledged = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const number = next
      next += 1
      const vin = `5AZEVENTS${String(number % VEHICLES).padStart(7, '0')}`
      const SendTimeStamp = new Date(startAt + number).toISOString()
      const message = event({ VIN: vin, SendTimeStamp, Number: number })
      await client.publishAsync(`dt/cvra/${vin}/event`, JSON.stringify(message), { qos: 1 })
      acknowledged += 1
    }
  }
  const finished = Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return { finished, acknowledged: () => acknowledged }
}
