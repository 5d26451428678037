import t from 'tap'
import { startFleetgrid, TOPICS } from './helpers/fleetgrid.ts'
import {
  bytes,
  cardata,
  deviceEvent,
  dtc,
  event,
  groupEvent,
  jobExecution,
  trip,
} from './helpers/messages.ts'
import { createRandom } from './helpers/random.ts'

// 10,000 mutations of each of the seven messages over a real MQTT connection: the process stays
// alive and accounts for every one. Another seed: SEED=7 npx tap test/fuzz.test.ts

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const MUTATIONS = 10_000
const IN_FLIGHT = 200

const samples: [topic: string, message: Buffer][] = [
  [TOPICS.cardata, bytes(cardata())],
  [TOPICS.trip, bytes(trip())],
  [TOPICS.dtc, bytes(dtc('P1734'))],
  [TOPICS.event, bytes(event())],
  [TOPICS.device, bytes(deviceEvent('ECU-1', 'modify', { attributes: { softwareVersion: '2' } }))],
  [TOPICS.group, bytes(groupEvent('create', { make: 'AMZ', modelYear: 2019 }))],
  [TOPICS.job, bytes(jobExecution('cdf-1', 'ECU-1'))],
]

const TOKENS = [
  'null',
  'true',
  '0',
  '-1',
  '1e999',
  '""',
  '[]',
  '{}',
  '"\\ud800"',
  '"__proto__"',
  '"constructor"',
  '"2026-13-45T99:99:99Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"1970-01-01"',
  '{"a":{"a":{"a":1}}}',
  '"\\u0000"',
  '99999999999999999999',
  '[[[[]]]]',
  '"P1734"',
  JSON.stringify('x'.repeat(300)),
]

function mutate(source: Buffer, random: () => number): Buffer {
  let message: Buffer = Buffer.from(source)
  const rounds = 1 + Math.floor(random() * 3)
  for (let round = 0; round < rounds; round += 1) message = mutateOnce(message, random)
  return message
}

function mutateOnce(source: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * source.length)
  const length = Math.floor(random() * 20)
  const before = source.subarray(0, at)
  switch (Math.floor(random() * 6)) {
    case 0: {
      const flipped = Buffer.from(source)
      flipped[at] = Math.floor(random() * 256)
      return flipped
    }
    case 1:
      return before
    case 2:
      return Buffer.concat([before, source.subarray(at + length)])
    case 3:
      return Buffer.concat([before, source.subarray(at, at + length), source.subarray(at)])
    default:
      return replaceValue(source, random)
  }
}

/** Keeps the JSON whole and swaps one value for another kind: what a broken sender does. */
function replaceValue(source: Buffer, random: () => number): Buffer {
  const text = source.toString('latin1')
  const values = [...text.matchAll(/:\s*("(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)/g)]
  const chosen = values[Math.floor(random() * values.length)]
  const token = TOKENS[Math.floor(random() * TOKENS.length)] ?? 'null'
  if (chosen === undefined) return Buffer.from(token)
  const end = chosen.index + chosen[0].length
  return Buffer.from(`${text.slice(0, chosen.index)}:${token}${text.slice(end)}`, 'latin1')
}

t.test(`fuzz: accepted + dead-lettered = sent (seed ${SEED})`, { timeout: 300_000 }, async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const random = createRandom(SEED)
  for (const [topic, sample] of samples) {
    let left = MUTATIONS
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        await client.publishAsync(topic, mutate(sample, random), { qos: 1 })
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    t.ok(client.connected, `${topic}: the broker kept the connection`)
  }
  const outcome = (name: string) =>
    service.metric(new RegExp(`^fleetgrid_messages_total.*outcome="${name}"`))
  const accepted =
    (await outcome('stored')) + (await outcome('duplicate')) + (await outcome('ignored'))
  const buried = await outcome('dead-lettered')
  t.equal(accepted + buried, MUTATIONS * samples.length)
  t.equal(await outcome('refused'), 0)
  t.ok(accepted > 1000, `${accepted} accepted`)
  t.ok(buried > 1000, `${buried} dead-lettered`)
  t.equal((await fetch(`${service.httpUrl}/ready`)).status, 200)
  t.equal(await countLetters(service), buried, 'every dead letter is there, with its count')
})

async function countLetters(service: Awaited<ReturnType<typeof startFleetgrid>>): Promise<number> {
  let count = 0
  let offset: number | null = 0
  while (offset !== null) {
    const { body }: { body: any } = await service.get(
      `/dead-letters?maxResults=50&offset=${offset}`,
    )
    for (const letter of body.deadLetters) count += letter.count
    offset = body.offset
  }
  return count
}
