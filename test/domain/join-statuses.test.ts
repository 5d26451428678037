import fc from 'fast-check'
import t from 'tap'
import type { DeviceStatus } from '../../src/domain/device.ts'
import { deleteDevice, emptyDevice, patchDevice } from '../../src/domain/device-merge.ts'
import { joinDevices, joinStatuses } from '../../src/domain/join-statuses.ts'
import type { Stamp } from '../../src/domain/stamp.ts'
import { emptyStatus, type VehicleStatus } from '../../src/domain/vehicle.ts'
import {
  clearAllTroubleCodes,
  clearAnomaly,
  deleteVehicle,
  patchAttributes,
  raiseAnomaly,
  reportTroubleCode,
} from '../../src/domain/vehicle-merge.ts'

const SEED = 20_261_121
const VIN = '5AZTEST000001'

type Message<T> = (status: T) => T

/** One message, always the same for the same number, so that equal stamps mean equal messages. */
function vehicleMessage(number: number): Message<VehicleStatus> {
  const stamp: Stamp = { at: Math.floor(number / 3), id: `m${number}` }
  const name = `n${number % 4}`
  switch (number % 7) {
    case 0:
      return (status) => patchAttributes(status, { [name]: number, make: `make ${number}` }, stamp)
    case 1:
      return (status) => patchAttributes(status, { [name]: `text ${number}` }, stamp)
    case 2:
      return (status) => reportTroubleCode(status, name, true, stamp)
    case 3:
      return (status) => reportTroubleCode(status, name, false, stamp)
    case 4:
      return (status) => clearAllTroubleCodes(status, stamp)
    case 5:
      return number % 2 === 0
        ? (status) => raiseAnomaly(status, name, { score: number, value: number + 250 }, stamp)
        : (status) => clearAnomaly(status, name, stamp)
    default:
      return (status) => (number % 5 === 0 ? deleteVehicle(status, stamp) : status)
  }
}

function deviceMessage(number: number): Message<DeviceStatus> {
  const stamp: Stamp = { at: Math.floor(number / 3), id: `m${number}` }
  const name = `n${number % 4}`
  switch (number % 5) {
    case 0:
      return (device) => patchDevice(device, { attributes: { [name]: number } }, stamp)
    case 1:
      return (device) => patchDevice(device, { softwareVersion: `${number}.0` }, stamp)
    case 2:
      return (device) =>
        patchDevice(device, { installations: { [`VIN${name}`]: number % 2 === 0 } }, stamp)
    case 3:
      return (device) => patchDevice(device, { parent: `parent ${number}` }, stamp)
    default:
      return (device) => (number % 3 === 0 ? deleteDevice(device, stamp) : device)
  }
}

const numbers = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 25 })
const properties = { seed: SEED, numRuns: 400 }

function suite<T extends { readonly revision: number }>(
  t: { test: typeof import('tap').test },
  empty: T,
  message: (number: number) => Message<T>,
  join: (one: T, other: T) => T,
) {
  const replay = (list: readonly number[]) =>
    list.reduce((status, number) => message(number)(status), empty)
  const content = (status: T) => canonical({ ...status, revision: 0 })

  t.test('equals the replay of all messages by one instance, in any order', async (t) => {
    const shares = fc.tuple(numbers, numbers, numbers).chain((parts) => {
      const all = parts.flat()
      return fc.record({
        parts: fc.constant(parts),
        order: fc.shuffledSubarray(all, { minLength: all.length }),
      })
    })
    fc.assert(
      fc.property(shares, ({ parts: [one, two, three], order }) => {
        const joined = join(join(replay(one), replay(two)), replay(three))
        return content(joined) === content(replay(order))
      }),
      properties,
    )
    t.pass('holds')
  })

  t.test('is associative, commutative and idempotent', async (t) => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (one, two, three) => {
        const [a, b, c] = [replay(one), replay(two), replay(three)]
        const isAssociative = content(join(join(a, b), c)) === content(join(a, join(b, c)))
        const isCommutative = canonical(join(a, b)) === canonical(join(b, a))
        const both = join(a, b)
        const isIdempotent = [a, b, both].every((side) => join(both, side) === both)
        return isAssociative && isCommutative && isIdempotent
      }),
      properties,
    )
    t.pass('holds')
  })

  t.test('the revision grows unless the higher side knew everything', async (t) => {
    fc.assert(
      fc.property(numbers, numbers, (one, two) => {
        const [a, b] = [replay(one), replay(two)]
        const both = join(a, b)
        const [low, high] = a.revision < b.revision ? [a, b] : [b, a]
        const isTie = low.revision === high.revision && content(low) !== content(high)
        if (!isTie && content(both) === content(high)) return both.revision === high.revision
        return both.revision === high.revision + 1
      }),
      properties,
    )
    t.pass('holds')
  })
}

t.test('statuses of vehicles', async (t) => {
  t.comment(`seed ${SEED}`)
  suite(t, emptyStatus(VIN), vehicleMessage, joinStatuses)
})

t.test('statuses of devices', async (t) => {
  t.comment(`seed ${SEED}`)
  suite(t, emptyDevice('ecu-1'), deviceMessage, joinDevices)
})

t.test('the device list is that of the higher revision', async (t) => {
  const devices = (deviceid: string, revision: number): VehicleStatus => ({
    ...emptyStatus(VIN),
    revision,
    devices: [{ deviceid }],
  })
  const low = reportTroubleCode(devices('ecu-low', 3), 'P1', true, { at: 1, id: 'a' })
  const high = devices('ecu-high', 7)
  t.strictSame(joinStatuses(low, high).devices, high.devices)
  t.equal(joinStatuses(low, high).revision, 8)
})

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
