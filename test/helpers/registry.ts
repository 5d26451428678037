import type { FleetChange } from '../../src/ports/fleet-index.ts'
import { applyMessage } from '../../src/telemetry/apply-message.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { Registry } from '../../src/telemetry/registry.ts'
import type { TopicFamily } from '../../src/telemetry/topics.ts'
import { bytes } from './messages.ts'

export type Sent = readonly [family: TopicFamily, message: unknown]

export const OTHER_VIN = '5AZYB49QXDB10031'
export const receivedAt = Date.parse('2026-12-31T00:00:00Z')
export const options = { receivedAt, clockSkewToleranceMs: 60_000, oilTemperatureLimitF: 280 }

/** Applies messages as ingest does, with a store that takes everything. */
export function fleet(messages: readonly Sent[], vehiclesMax = 100): Registry {
  const registry = new Registry({ vehiclesMax, devicesMax: 100, oilTemperatureLimitF: 280 })
  for (const [family, message] of messages) send(registry, family, message)
  return registry
}

export function send(registry: Registry, family: TopicFamily, message: unknown) {
  const decoded = decodeMessage({
    family,
    payload: bytes(message),
    receivedAt,
    sizeMaxBytes: 65_536,
  })
  if (!decoded.usable || decoded.message === undefined) throw new Error(JSON.stringify(decoded))
  if (decoded.message.kind === 'job-execution') throw new Error('needs a job')
  const applied = applyMessage(registry, decoded.message, options)
  registry.noteStored(applied, new Set())
  return applied.change
}

export function at(minute: number): string {
  return `2026-04-06T10:${String(minute).padStart(2, '0')}:00.000Z`
}

export function storedDocument({ history: [record] }: FleetChange) {
  const { document = '{}', members } = record ?? {}
  return JSON.parse(members === undefined ? document : `${document.slice(0, -1)},${members}}`)
}
