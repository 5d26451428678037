import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { DeviceStatus } from '../../src/domain/device.ts'
import { joinDevices, joinStatuses } from '../../src/domain/join-statuses.ts'
import { isNewer, type Stamp } from '../../src/domain/stamp.ts'
import {
  summarizeTelemetry,
  type TelemetrySummary,
  type VehicleStatus,
} from '../../src/domain/vehicle.ts'
import type { FleetChange, RegistrySnapshot } from '../../src/ports/fleet-index.ts'
import type { Registry } from '../../src/telemetry/registry.ts'
import { cardata, deviceEvent, deviceLink, dtc, groupEvent, VIN } from '../helpers/messages.ts'
import { at, fleet, OTHER_VIN, type Sent, send } from '../helpers/registry.ts'

// Several instances each take some of the messages and join what they know in one store.

const SEED = 20_261_121

/** What OpenSearch is to the registry: joins what it gets, and shows everything to everybody. */
class SharedStore {
  readonly #vehicles = new Map<string, VehicleStatus>()
  readonly #devices = new Map<string, DeviceStatus>()

  readonly #telemetry = new Map<string, { stamp: Stamp; summary: TelemetrySummary }>()

  write({ telemetry, statuses = [], devices = [] }: FleetChange): void {
    if (telemetry && isNewer(telemetry.stamp, this.#telemetry.get(telemetry.vin)?.stamp)) {
      const summary = summarizeTelemetry(JSON.parse(telemetry.document))
      this.#telemetry.set(telemetry.vin, { stamp: telemetry.stamp, summary })
    }
    for (const status of statuses) {
      const known = this.#vehicles.get(status.vin)
      this.#vehicles.set(status.vin, known === undefined ? status : joinStatuses(known, status))
    }
    for (const device of devices) {
      const known = this.#devices.get(device.deviceid)
      this.#devices.set(device.deviceid, known === undefined ? device : joinDevices(known, device))
    }
  }

  read(): RegistrySnapshot {
    // Who only sent telemetry is not told to others.
    const vehicles = [...this.#vehicles.values()].map((status) => {
      const known = this.#telemetry.get(status.vin)
      const view = { vin: status.vin, devices: [], troubleCodes: [], anomalies: [] }
      return known === undefined
        ? { status, view }
        : { status, view: { ...view, telemetry: known.summary }, telemetryStamp: known.stamp }
    })
    return { vehicles, devices: [...this.#devices.values()] }
  }
}

const MESSAGES: Sent[] = [
  ['group-event', groupEvent('create', { make: 'AMZ', model: '4' }, { time: at(1) })],
  ['group-event', groupEvent('modify', { colorCode: '254' }, { time: at(2) })],
  [
    'device-event',
    deviceEvent('ECU-1', 'create', { attributes: { type: 'tcu' } }, { time: at(1) }),
  ],
  ['device-event', deviceLink('ECU-1', { attach: VIN }, at(2))],
  [
    'device-event',
    deviceEvent('ECU-1', 'modify', { attributes: { softwareVersion: '2.3' } }, { time: at(3) }),
  ],
  ['device-event', deviceLink('ECU-1', { attach: OTHER_VIN }, at(6))],
  ['device-event', deviceLink('ECU-2', { attach: VIN }, at(4))],
  [
    'device-event',
    deviceEvent('ECU-2', 'modify', { attributes: { softwareVersion: '1.0' } }, { time: at(5) }),
  ],
  ['dtc', dtc('P0301', { SendTimeStamp: at(1) })],
  ['dtc', dtc('P0302', { SendTimeStamp: at(4) })],
  ['dtc', dtc('', { SendTimeStamp: at(3) })],
  ['cardata', cardata({ SendTimeStamp: at(2), OilTemp: 300 })],
  ['cardata', cardata({ SendTimeStamp: at(5), OilTemp: 240, GeoLocation: {} })],
  ['cardata', cardata({ SendTimeStamp: at(7), OilTemp: 310 })],
  ['cardata', cardata({ SendTimeStamp: at(8), OilTemp: 250 })],
  ['group-event', groupEvent('delete', { make: 'AMZ' }, { time: at(0) })],
]

const steps = fc.shuffledSubarray(MESSAGES, { minLength: 4 }).chain((messages) =>
  fc.tuple(
    fc.constant(messages),
    fc.array(fc.tuple(fc.nat(2), fc.boolean()), {
      minLength: messages.length,
      maxLength: messages.length,
    }),
  ),
)

t.test('instances that share a feed end with what one alone would know', async (t) => {
  t.comment(`seed ${SEED}`)
  fc.assert(
    fc.property(steps, ([messages, turns]) => {
      const store = new SharedStore()
      const instances = [fleet([]), fleet([]), fleet([])]
      for (const [index, [family, message]] of messages.entries()) {
        const [number = 0, isFollowing = false] = turns[index] ?? []
        const registry = instances[number] ?? fleet([])
        store.write(send(registry, family, message))
        if (isFollowing) follow(store, registry)
      }
      // Two rounds: the first lets everybody know, the second whatever that made them write.
      for (const registry of [...instances, ...instances]) follow(store, registry)
      const alone = fleet(messages)
      const expected = [told(alone, VIN), told(alone, OTHER_VIN)]
      for (const registry of instances) {
        t.same([told(registry, VIN), told(registry, OTHER_VIN)], expected)
      }
      const before = JSON.stringify(store.read())
      for (const registry of instances) follow(store, registry)
      t.equal(JSON.stringify(store.read()), before, 'and then they are quiet')
      const fresh = fleet([])
      fresh.load(store.read())
      fresh.settle()
      t.same(fresh.takeUnstored(100), [], 'nothing is left to be mended at a start')
      t.same([told(fresh, VIN), told(fresh, OTHER_VIN)], expected)
      if (!t.passing()) throw new Error('this order ends differently')
    }),
    { seed: SEED, numRuns: 300 },
  )
})

/** Live telemetry is not told: each instance shows that of the messages it got. */
function told(registry: Registry, vin: string) {
  const { telemetry: _, position: __, ...rest } = registry.view(vin) ?? { vin }
  return rest
}

function follow(store: SharedStore, registry: Registry): void {
  registry.learn(store.read())
  const unstored = registry.takeUnstored(100)
  assert.equal(new Set(unstored.map((change) => JSON.stringify(change))).size, unstored.length)
  for (const change of unstored) {
    store.write(change)
    registry.noteStored({ change }, new Set())
  }
}
