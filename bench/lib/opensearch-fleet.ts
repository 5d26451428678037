import type { EngineClient } from '../../src/adapters/fleet-index/opensearch/client.ts'
import {
  composeLatest,
  emptyRegisters,
} from '../../src/adapters/fleet-index/opensearch/documents.ts'
import type { IndexNames } from '../../src/adapters/fleet-index/opensearch/index-names.ts'
import type { FleetChange } from '../../src/ports/fleet-index.ts'
import { fleetBatches } from './fleet.ts'

const LANES = 2

/** The fleet in latest_telemetry, written as the adapter writes it but without what it checks before. */
export async function loadFleet(
  client: EngineClient,
  names: IndexNames,
  vehicles: number,
): Promise<void> {
  const path = `/${names.alias('latest_telemetry')}`
  const batches = fleetBatches(vehicles)
  const lane = async (): Promise<void> => {
    for (const changes of batches) {
      const { body } = await client.request<{ readonly errors: boolean }>({
        method: 'POST',
        path: `${path}/_bulk`,
        query: { filter_path: 'errors' },
        bulk: Buffer.from(changes.map(linesOf).join('')),
      })
      if (body.errors) throw new Error('the index did not take everything')
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  await client.request({ method: 'POST', path: `${path}/_refresh` })
}

function linesOf({ telemetry, statuses }: FleetChange): string {
  if (telemetry === undefined) throw new Error('a vehicle of the fleet has telemetry')
  const { vin, stamp, position, document } = telemetry
  const registers = {
    ...emptyRegisters(),
    telemetry: stamp,
    position: position === undefined ? undefined : { stamp, ...position },
    status: statuses?.[0],
    writer: 'bench',
    changedAt: stamp.at,
  }
  const text = composeLatest(vin, registers, document)
  return `${JSON.stringify({ index: { _id: vin } })}\n${text}\n`
}
