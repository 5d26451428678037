import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { VehicleView } from '../domain/vehicle.ts'
import type { FilteredVehicles } from '../ports/fleet-index.ts'
import { renderVehicle } from './render-vehicle.ts'
import type { Units } from './units.ts'

/** Vehicles turned into text at a time; 10,000 at once would hold up every other socket. */
const VEHICLES_PER_TURN = 100

/**
 * The answer of /vehicles/filter as JSON text in pieces: the next one is made when the reader has
 * taken the one before. Rejects if the first piece can't be had; a later failure breaks the stream
 * off, and with it the connection, so that nobody takes half an answer for a whole one.
 */
export async function streamVehicles(found: FilteredVehicles, units: Units): Promise<Readable> {
  const pieces = found.vehicles[Symbol.asyncIterator]()
  const first = await pieces.next()
  const readable = Readable.from(
    first.done === true && found.vehicleCount === 0
      ? ['{"vehicles":[]}']
      : writeAnswer(found, first, pieces, units),
  )
  // Also when the reader has gone before it took anything.
  readable.once('close', () => void pieces.return?.())
  return readable
}

async function* writeAnswer(
  { vehicleCount, facets }: FilteredVehicles,
  first: IteratorResult<readonly VehicleView[]>,
  pieces: AsyncIterator<readonly VehicleView[]>,
  units: Units,
): AsyncGenerator<string> {
  const filters = JSON.stringify(facets)
  yield `{"vehicleCount":${vehicleCount},"filters":${filters},"vehicles":[`
  let separator = ''
  for (let piece = first; piece.done !== true; piece = await pieces.next()) {
    for (let start = 0; start < piece.value.length; start += VEHICLES_PER_TURN) {
      const views = piece.value.slice(start, start + VEHICLES_PER_TURN)
      yield separator + views.map((view) => JSON.stringify(renderVehicle(view, units))).join(',')
      separator = ','
      await nextTurn()
    }
  }
  yield ']}'
}
