import { parseArgs } from 'node:util'
import { cardataPayload } from './lib/cardata.ts'
import { publishLoad } from './lib/mqtt-load.ts'
import { peakMemoryMb, percentile } from './lib/process-stats.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '1883' },
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '50' },
    'in-flight': { type: 'string', default: '40' },
    start: { type: 'string', default: '0' },
  },
})
const vehicles = Number(values.vehicles)
const start = Number(values.start)
const cpuBefore = process.cpuUsage()
const result = await publishLoad({
  host: '127.0.0.1',
  port: Number(values.port),
  connections: Number(values.connections),
  inFlight: Number(values['in-flight']),
  messages: Number(values.messages),
  clientName: `bench-${process.pid}`,
  message: (index) => {
    const vehicle = index % vehicles
    const payload = cardataPayload(vehicle, Date.now(), start + index)
    return { topic: `dt/cvra/ecu-${vehicle}/cardata`, payload }
  },
})
const cpu = process.cpuUsage(cpuBefore)
const answer = {
  messages: result.messages,
  seconds: result.seconds,
  p50Ms: percentile(result.latencies, 0.5),
  p99Ms: percentile(result.latencies, 0.99),
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  peakMemoryMb: peakMemoryMb(process.pid),
}
process.send?.(answer, () => process.disconnect())
