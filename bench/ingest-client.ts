import { parseArgs } from 'node:util'
import { cardataPayload } from './lib/cardata.ts'
import { publishLoad } from './lib/mqtt-load.ts'
import { microseconds, peakMemoryMb, percentile } from './lib/process-stats.ts'
import { publishSteadily } from './lib/steady-load.ts'

// The publisher as a process: as fast as the broker acknowledges, or at a rate, and then with the
// time of sending (µs) as SimulationId.

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '1883' },
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '50' },
    'in-flight': { type: 'string', default: '40' },
    start: { type: 'string', default: '0' },
    /** Messages per second; 0 is full speed. */
    rate: { type: 'string', default: '0' },
  },
})
const [messages, vehicles] = [Number(values.messages), Number(values.vehicles)]
const [start, perSecond] = [Number(values.start), Number(values.rate)]
const broker = {
  host: '127.0.0.1',
  port: Number(values.port),
  connections: Number(values.connections),
  clientName: `bench-${process.pid}`,
}
const answer = perSecond === 0 ? await atFullSpeed() : await atRate()
const peak = { peakMemoryMb: peakMemoryMb(process.pid) }
process.send?.({ messages, ...answer, ...peak }, () => process.disconnect())

function message(index: number, simulationId?: string) {
  const vehicle = index % vehicles
  const payload = cardataPayload(vehicle, Date.now(), start + index, simulationId)
  return { topic: `dt/cvra/ecu-${vehicle}/cardata`, payload }
}

async function atFullSpeed() {
  const inFlight = Number(values['in-flight'])
  const result = await publishLoad({ ...broker, inFlight, messages, message })
  return {
    startedAtUs: result.startedAtUs,
    seconds: result.seconds,
    cpuSeconds: result.cpuSeconds,
    p50Ms: percentile(result.latencies, 0.5),
    p99Ms: percentile(result.latencies, 0.99),
  }
}

async function atRate() {
  const stamped = (index: number) => message(index, microseconds().toFixed(0))
  return { seconds: await publishSteadily({ ...broker, messages, perSecond, message: stamped }) }
}
