import { emptyStatus } from '../../src/domain/vehicle.ts'
import { patchAttributes, reportTroubleCode } from '../../src/domain/vehicle-merge.ts'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import { vinOf } from './cardata.ts'

/** Where half of the fleet is: Las Vegas, as in the original's data. */
export const CITY = [-115.17, 36.12] as const

const BATCH = 1000
const CODES = ['P1703', 'P0301', 'U1627', 'P1734', 'P0521']

/** Half of the vehicles in and around one city, the others across the continent; 5 % have a code. */
export function* fleetBatches(vehicles: number): Generator<FleetChange[]> {
  const random = createRandom(1)
  for (let start = 0; start < vehicles; start += BATCH) {
    const count = Math.min(BATCH, vehicles - start)
    yield Array.from({ length: count }, (_, offset) => change(start + offset, random))
  }
}

export async function fillFleet(index: FleetIndex, vehicles: number): Promise<void> {
  for (const changes of fleetBatches(vehicles)) {
    const { retry, rejected } = await index.write(changes)
    if (retry.length + rejected.length > 0) throw new Error('the index did not take everything')
  }
}

function change(vehicle: number, random: () => number): FleetChange {
  const vin = vinOf(vehicle)
  const stamp = { at: Date.now(), id: vin }
  const spread = vehicle % 2 === 0 ? [0.4, 0.3] : [50, 25]
  const longitude = CITY[0] + (vehicle % 2 === 0 ? 0 : 17) + (random() - 0.5) * (spread[0] ?? 0)
  const latitude = CITY[1] + (vehicle % 2 === 0 ? 0 : 3) + (random() - 0.5) * (spread[1] ?? 0)
  const sendtimestamp = new Date(stamp.at).toISOString()
  const document = JSON.stringify({
    vin,
    sendtimestamp,
    geolocation: { latitude, longitude, heading: 90, speed: 50 * random() },
    speed: { max: 80, average: 40 },
    odometer: { metres: 1000 * random() },
    fuel: 40 * random(),
    oiltemp: 240,
  })
  const attributes = {
    make: `MAKE${vehicle % 7}`,
    model: `M${vehicle % 30}`,
    modelyear: 2010 + (vehicle % 15),
  }
  let status = patchAttributes(emptyStatus(vin), attributes, stamp)
  if (vehicle % 20 === 0) {
    status = reportTroubleCode(status, CODES[(vehicle / 20) % CODES.length] ?? 'P0', true, stamp)
  }
  return {
    history: [],
    telemetry: { vin, stamp, document, position: { longitude, latitude } },
    statuses: [status],
  }
}

function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
