import { connect as connectSocket } from 'node:net'
import polyline from '@mapbox/polyline'
import { connectAsync, type MqttClient } from 'mqtt'
import t from 'tap'
import { engineFolder } from '../helpers/engine-folder.ts'
import { cardata, dtc, event } from '../helpers/messages.ts'
import { createRandom } from '../helpers/random.ts'
import { createService, type Service } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Promise 1: a PUBACK means that the message is stored. Vehicles keep publishing while the process
// is killed at random moments; as real clients they send again what was not acknowledged.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const VEHICLES = 4
const MESSAGES = 2500
const IN_FLIGHT = 50
const KILLS = 5
const EVENT_EVERY = 10
const CODE_EVERY = 25

/** Every message has a place of its own, on the grid of a polyline: 1e-5 degrees. */
function place(index: number): [latitude: number, longitude: number] {
  return [(10_000 + Math.floor(index / 100)) / 1e5, (20_000 + (index % 100)) / 1e5]
}

class Vehicle {
  readonly tripId: string
  readonly acknowledged = new Set<number>()
  readonly #client: MqttClient
  readonly vin: string
  readonly #startAt = Date.now() - MESSAGES

  constructor(client: MqttClient, number: number) {
    this.#client = client
    this.vin = `5AZKILL00000000${number}`
    this.tripId = `kill-${number}`
  }

  async drive(): Promise<void> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < MESSAGES) {
        const index = next
        next += 1
        await this.#publish(index)
        this.acknowledged.add(index)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  }

  /** Telemetry each time; with some of it an event, or a report of the same trouble code. */
  async #publish(index: number): Promise<void> {
    const [Latitude, Longitude] = place(index)
    const header = {
      VIN: this.vin,
      SendTimeStamp: new Date(this.#startAt + index).toISOString(),
    }
    const GeoLocation = { Latitude, Longitude, Altitude: 0, Heading: 0, Speed: 1 }
    const sent = [this.#send('cardata', cardata({ ...header, TripId: this.tripId, GeoLocation }))]
    if (index % EVENT_EVERY === 0) sent.push(this.#send('event', event(header)))
    if (index % CODE_EVERY === 0) sent.push(this.#send('dtc', dtc('P0301', header)))
    await Promise.all(sent)
  }

  async #send(family: string, message: unknown): Promise<void> {
    const topic = `dt/cvra/${this.vin}/${family}`
    await this.#client.publishAsync(topic, JSON.stringify(message), { qos: 1 })
  }
}

/** Indices of the messages whose place is in the stored route. */
async function stored(service: Service, { tripId }: Vehicle): Promise<number[]> {
  const { geometry } = await service.get(`/vehicles/route/${tripId}`)
  if (geometry === undefined) return []
  return polyline.decode(geometry).map(([latitude, longitude]) => {
    const row = Math.round(latitude * 1e5) - 10_000
    return row * 100 + Math.round(longitude * 1e5) - 20_000
  })
}

t.test(`kill -9 in mid-ingest, ${KILLS} times (seed ${SEED})`, async (t) => {
  const random = createRandom(SEED)
  const service = await createService(t, { DATA_DIR: engineFolder(t), LOG_LEVEL: 'warn' })
  await service.start()
  const vehicles: Vehicle[] = []
  for (let number = 0; number < VEHICLES; number += 1) {
    const client = await connectAsync(service.mqttUrl, { protocolVersion: 4, reconnectPeriod: 50 })
    client.on('error', () => undefined)
    t.after(() => client.endAsync(true))
    vehicles.push(new Vehicle(client, number))
  }
  const total = () => vehicles.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)
  const driving = Promise.all(vehicles.map((vehicle) => vehicle.drive()))

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const share = (kill - 1 + random()) / (KILLS + 1)
    const after = Math.floor(share * VEHICLES * MESSAGES)
    await until(() => total() >= after, { withinMs: 60_000, what: `${after} acknowledged` })
    t.equal(await service.kill('SIGKILL'), 'SIGKILL')
    const promised = vehicles.map(({ acknowledged }) => new Set(acknowledged))
    await service.start()
    for (const [number, vehicle] of vehicles.entries()) {
      const there = new Set(await stored(service, vehicle))
      const missing = [...(promised[number] ?? [])].filter((index) => !there.has(index))
      t.same(missing, [], `kill ${kill}: all acknowledged messages of vehicle ${number} are there`)
    }
  }

  await driving
  for (const vehicle of vehicles) {
    const there = await stored(service, vehicle)
    t.equal(there.length, MESSAGES, 'every message, none twice')
    t.same(
      there,
      [...there].sort((a, b) => a - b),
      'in order of send time',
    )
    t.equal(new Set(there).size, MESSAGES)
    t.equal(await countEvents(service, vehicle), MESSAGES / EVENT_EVERY, 'every event, none twice')
    const codes = await service.get(`/vehicles/${vehicle.vin}/trouble-codes`)
    t.match(JSON.stringify(codes), `"active":true,"count":${MESSAGES / CODE_EVERY},`)
  }
})

async function countEvents(service: Service, { vin }: Vehicle): Promise<number> {
  let count = 0
  let offset: number | null = 0
  while (offset !== null) {
    const query = encodeURIComponent(JSON.stringify({ pagination: { offset, maxResults: 100 } }))
    const page: { events: unknown[]; offset: number | null } = await service.get(
      `/vehicles/${vin}/events?filters=${query}`,
    )
    count += page.events.length
    offset = page.offset
  }
  return count
}

t.test(
  'SIGTERM in mid-ingest: what is in flight finishes, exit 0, nothing acknowledged is lost',
  async (t) => {
    const service = await createService(t, { DATA_DIR: engineFolder(t), LOG_LEVEL: 'info' })
    await service.start()
    const client = await connectAsync(service.mqttUrl, { protocolVersion: 4, reconnectPeriod: 50 })
    client.on('error', () => undefined)
    t.after(() => client.endAsync(true))
    const vehicle = new Vehicle(client, 9)
    const driving = vehicle.drive()
    await until(() => vehicle.acknowledged.size >= 500, { what: '500 acknowledged' })
    t.equal(await service.kill('SIGTERM'), 0)
    t.match(service.output(), /"finished":true/)
    const promised = [...vehicle.acknowledged]
    await service.start()
    const there = new Set(await stored(service, vehicle))
    t.same(
      promised.filter((index) => !there.has(index)),
      [],
    )
    await driving
    t.equal((await stored(service, vehicle)).length, MESSAGES)
  },
)

t.test('SIGTERM ends the process while connections that say nothing are open', async (t) => {
  const service = await createService(t, { DATA_DIR: engineFolder(t), LOG_LEVEL: 'info' })
  await service.start()
  const port = Number(new URL(service.httpUrl).port)
  const mqttPort = Number(new URL(service.mqttUrl).port)
  const silent = connectSocket(port, '127.0.0.1')
  const half = connectSocket(port, '127.0.0.1')
  const unknown = connectSocket(mqttPort, '127.0.0.1')
  for (const socket of [silent, half, unknown]) {
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
  }
  half.write('GET /live HTTP/1.1\r\nHost: x')
  t.equal(await service.kill('SIGTERM'), 0)
})
