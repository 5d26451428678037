import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createHistogram } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { MqttFrames } from './mqtt-frames.ts'
import { microseconds } from './process-stats.ts'

// Stands between a contestant and its broker, changes nothing, and takes the time from the sending
// of a message (the publisher's, in SimulationId) to the PUBACK that the contestant writes. A process
// of its own, so that its CPU is not the contestant's. Sends its port, and what it has when asked.

export interface ProbeReport {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const PUBLISH = 3
const PUBACK = 4
const SENT_AT = Buffer.from('"SimulationId":"')
const SENT_AT_DIGITS = 20
const TIME_MAX_US = 600_000_000

const { values } = parseArgs({ options: { port: { type: 'string', default: '1883' } } })
const times = createHistogram({ lowest: 1, highest: TIME_MAX_US, figures: 3 })

const server = createServer({ noDelay: true }, (contestant) => {
  const broker = connect({ host: '127.0.0.1', port: Number(values.port), noDelay: true })
  const sentAt = new Float64Array(65_536)
  const published = new MqttFrames((packet, headerBytes) => {
    const qos = ((packet[0] ?? 0) >> 1) & 3
    if (typeOf(packet) !== PUBLISH || qos === 0) return
    const idAt = headerBytes + 2 + packet.readUInt16BE(headerBytes)
    sentAt[packet.readUInt16BE(idAt)] = readSentAt(packet)
  })
  const acknowledged = new MqttFrames((packet, headerBytes) => {
    if (typeOf(packet) !== PUBACK) return
    const at = sentAt[packet.readUInt16BE(headerBytes)] ?? 0
    if (at > 0) times.record(Math.max(1, Math.round(microseconds() - at)))
  })
  pass(contestant, broker, acknowledged)
  pass(broker, contestant, published)
})

function pass(from: Socket, to: Socket, frames: MqttFrames): void {
  from.on('data', (chunk: Buffer) => frames.push(chunk))
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

function typeOf(packet: Buffer): number {
  return (packet[0] ?? 0) >> 4
}

/** 0 for the messages of a warm-up, which have no time. */
function readSentAt(packet: Buffer): number {
  const at = packet.indexOf(SENT_AT) + SENT_AT.length
  return Number.parseInt(packet.toString('latin1', at, at + SENT_AT_DIGITS), 10) || 0
}

process.on('message', () => process.send?.(currentReport()))
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))

function currentReport(): ProbeReport {
  const ms = (value: number): number => value / 1000
  return {
    count: times.count,
    p50Ms: ms(times.percentile(50)),
    p99Ms: ms(times.percentile(99)),
    maxMs: ms(times.max),
  }
}
