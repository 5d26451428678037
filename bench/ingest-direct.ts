import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmbeddedFleetIndex } from '../src/adapters/fleet-index/embedded.ts'
import type { FleetChange } from '../src/ports/fleet-index.ts'
import { applyMessage } from '../src/telemetry/apply-message.ts'
import { decodeMessage } from '../src/telemetry/decode-message.ts'
import { Registry } from '../src/telemetry/registry.ts'
import { cardataPayload } from './lib/cardata.ts'
import { peakMemoryMb } from './lib/process-stats.ts'

// The same documents, made beforehand, written straight to the adapter in batches of 1,000.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
  },
})
const BATCH = 1000
const dataDir = mkdtempSync(join(tmpdir(), 'fleetgrid-direct-'))
const index = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir, sizeMaxBytes: 20e9 })
await index.open()
const registry = new Registry({ vehiclesMax: 1e6, devicesMax: 1e6, oilTemperatureLimitF: 280 })
await write(makeChanges(20_000, 1e9))
const changes = makeChanges(Number(values.messages), 0)
const cpuBefore = process.cpuUsage()
const startedAt = performance.now()
await write(changes)
const seconds = (performance.now() - startedAt) / 1000
const cpu = process.cpuUsage(cpuBefore)
await index.close()
rmSync(dataDir, { recursive: true, force: true })
const answer = {
  messages: changes.length,
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  peakMemoryMb: peakMemoryMb(process.pid),
}
process.send?.(answer, () => process.disconnect())

async function write(all: readonly FleetChange[]): Promise<void> {
  for (let offset = 0; offset < all.length; offset += BATCH) {
    const { retry, rejected } = await index.write(all.slice(offset, offset + BATCH))
    if (retry.length + rejected.length > 0) throw new Error('the adapter did not take everything')
  }
}

function makeChanges(count: number, start: number): FleetChange[] {
  const vehicles = Number(values.vehicles)
  return Array.from({ length: count }, (_, sequence) => {
    const receivedAt = Date.now()
    const payload = cardataPayload(sequence % vehicles, receivedAt, start + sequence)
    const decoded = decodeMessage({ family: 'cardata', payload, receivedAt, sizeMaxBytes: 65_536 })
    if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('unusable')
    const options = { receivedAt, clockSkewToleranceMs: 60_000, oilTemperatureLimitF: 280 }
    return applyMessage(registry, decoded.message, options).change
  })
}
