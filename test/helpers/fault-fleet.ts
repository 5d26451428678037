import { connectAsync, type MqttClient } from 'mqtt'
import type { VehicleView } from '../../src/domain/vehicle.ts'
import { cardata, deviceEvent, deviceLink, dtc, groupEvent } from './messages.ts'
import { createRandom } from './random.ts'
import { fleet, type Sent, send } from './registry.ts'

/** What a fault test sends, and what must be there when the dust has settled. */
export interface FaultFleet {
  /** In the order of sending: late ones, repeated ones and unusable ones among them. */
  readonly messages: readonly { readonly topic: string; readonly payload: Buffer }[]
  /** Different messages that have to be stored, by history. */
  readonly stored: { readonly cardata: number; readonly dtc: number }
  /** Different messages that can't be used. */
  readonly unusable: number
  /** By VIN, from a sequential replay of every usable message. */
  readonly expected: ReadonlyMap<string, VehicleView>
}

export interface FaultFleetOptions {
  readonly seed: number
  readonly vehicles: number
  readonly messages: number
  /** Every how many messages one can't be used; 0: none. */
  readonly unusableEvery?: number
  /** More members of every n-th message, such as what makes an engine refuse it. */
  readonly poison?: { readonly every: number; readonly members: Record<string, string> }
}

const CODES = ['P0301', 'P1703', 'U1627'] as const
const CODE_EVERY = 20
/** What the asset library says: colours, devices that move between vehicles, their versions. */
const ASSET_EVERY = 23
/** Of telemetry, with oil so hot that it is an anomaly until the next cool reading. */
const HOT_SHARE = 0.05
const REPEAT_EVERY = 15
/** How many places a message may come too late. */
const DISORDER = 40

/** The same fleet for the same seed, wherever. Send times are in the past of the clock. */
export function createFaultFleet(options: FaultFleetOptions): FaultFleet {
  const random = createRandom(options.seed)
  const startAt = Date.now() - 3_600_000
  const replay: Sent[] = []
  const messages: { topic: string; payload: Buffer; rank: number }[] = []
  const stored = { cardata: 0, dtc: 0 }
  let unusable = 0
  const add = (vin: string, family: string, text: string, rank: number): void => {
    addTo(`dt/cvra/${vin}/${family}`, text, rank)
  }
  const addTo = (topic: string, text: string, rank: number): void => {
    const sent = { topic, payload: Buffer.from(text) }
    messages.push({ ...sent, rank: rank + random() * DISORDER })
    const isRepeated = Math.floor(random() * REPEAT_EVERY) === 0
    if (isRepeated) messages.push({ ...sent, rank: rank + random() * 2 * DISORDER })
  }
  for (let index = 0; index < options.messages; index += 1) {
    const vin = `5AZFAULT${String(index % options.vehicles).padStart(8, '0')}`
    const header = {
      VIN: vin,
      MessageId: `${vin}-${index}`,
      SendTimeStamp: new Date(startAt + index).toISOString(),
    }
    const { every = 0, members = {} } = options.poison ?? {}
    if (isEvery(index, options.unusableEvery)) {
      unusable += 1
      add(vin, 'cardata', `{"not json ${index}`, index)
    } else if (isEvery(index, every)) {
      unusable += 1
      // It says nothing of the oil: what a message says of a vehicle's status is known, and told by
      // the next one, also where the index refuses its document for good.
      add(vin, 'cardata', JSON.stringify(cardata({ ...header, ...members, OilTemp: null })), index)
    } else if (isEvery(index, ASSET_EVERY)) {
      const [family, message] = assetMessage(vin, index, header.SendTimeStamp)
      replay.push([family, message])
      const kind = family === 'group-event' ? 'groups' : 'devices'
      addTo(`cdf/assetlibrary/events/${kind}/x/modify`, JSON.stringify(message), index)
    } else if (isEvery(index, CODE_EVERY)) {
      stored.dtc += 1
      // A code is raised more often than all are cleared.
      const code = CODES[Math.floor(random() * (CODES.length + 1))] ?? ''
      const message = dtc(code, header)
      replay.push(['dtc', message])
      add(vin, 'dtc', JSON.stringify(message), index)
    } else {
      stored.cardata += 1
      const OilTemp = random() < HOT_SHARE ? 300 : 240
      const about = { ...header, ...somewhere(random), OilTemp }
      const message = cardata({ ...about, Odometer: { Metres: index } })
      replay.push(['cardata', message])
      add(vin, 'cardata', JSON.stringify(message), index)
    }
  }
  messages.sort((left, right) => left.rank - right.rank)
  return { messages, stored, unusable, expected: replayed(replay, options.vehicles) }
}

function isEvery(index: number, every = 0): boolean {
  return every > 0 && index % every === every - 1
}

function assetMessage(vin: string, index: number, time: string): Sent {
  const device = `ecu-fault-${index % 7}`
  if (index % 3 === 0) return ['device-event', deviceLink(device, { attach: vin }, time)]
  if (index % 3 === 1) {
    const softwareVersion = `1.${index}`
    return [
      'device-event',
      deviceEvent(device, 'modify', { attributes: { softwareVersion } }, { time }),
    ]
  }
  const objectId = `/auto/vehicles/${vin.toLowerCase()}`
  return ['group-event', groupEvent('modify', { colorCode: `${index}` }, { objectId, time })]
}

/** Now and then a vehicle doesn't know where it is: its last good position stays. */
function somewhere(random: () => number) {
  const [Latitude, Longitude] = [random() * 100 - 50, random() * 300 - 150]
  const isLost = random() < 0.1
  return { GeoLocation: isLost ? {} : { Latitude, Longitude, Altitude: 0, Heading: 0, Speed: 1 } }
}

function replayed(messages: readonly Sent[], vehicles: number): Map<string, VehicleView> {
  const registry = fleet([], vehicles)
  const vins = new Set<string>()
  for (const [family, message] of messages) {
    for (const { vin } of send(registry, family, message).history) vins.add(vin)
  }
  return new Map([...vins].flatMap((vin) => [[vin, registry.view(vin)] as const]).filter(isKnown))
}

function isKnown(
  entry: readonly [string, VehicleView | undefined],
): entry is [string, VehicleView] {
  return entry[1] !== undefined
}

export interface Publishing {
  /** Resolves when the broker has acknowledged every message. */
  readonly finished: Promise<void>
  /** Acknowledged by the broker so far. */
  acknowledged(): number
}

/** Ordinary clients with a window of messages in flight; what isn't acknowledged is sent again. */
export async function publishAll(
  t: { after(close: () => unknown): void },
  brokerUrl: string,
  messages: FaultFleet['messages'],
  { perSecond = Number.POSITIVE_INFINITY, inFlight = 100 } = {},
): Promise<Publishing> {
  const client = await connectAsync(brokerUrl, {
    protocolVersion: 5,
    reconnectPeriod: 100,
    clientId: `fault-publisher-${process.pid}-${Date.now()}`,
    clean: false,
    properties: { sessionExpiryInterval: 600 },
  })
  client.on('error', () => undefined)
  t.after(() => client.endAsync(true))
  let acknowledged = 0
  let next = 0
  const startedAt = Date.now()
  const lane = async (): Promise<void> => {
    while (next < messages.length) {
      const message = messages[next]
      next += 1
      if (message === undefined) return
      await untilDue(startedAt + (next / perSecond) * 1000)
      await publishOnce(client, message)
      acknowledged += 1
    }
  }
  const finished = Promise.all(Array.from({ length: inFlight }, lane)).then(() => undefined)
  return { finished, acknowledged: () => acknowledged }
}

async function publishOnce(
  client: MqttClient,
  { topic, payload }: FaultFleet['messages'][number],
): Promise<void> {
  await client.publishAsync(topic, payload, { qos: 1 })
}

async function untilDue(dueAt: number): Promise<void> {
  const earlyMs = dueAt - Date.now()
  if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs))
}
