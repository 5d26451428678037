import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { vehicleRecord } from '../../src/telemetry/vehicle-record.ts'
import { VIN } from '../helpers/messages.ts'

const ABOUT = { type: 'trip', vin: VIN, id: 'message-1~content', sentAt: 1_775_000_000_000 }

function recordOf(payload: string, changes: Partial<typeof ABOUT> = {}) {
  const incoming = {
    topic: 'dt/cvra/ECU "1"/trip',
    payload: Buffer.from(payload),
    receivedAt: 1_775_000_000_500,
  }
  const { key, data } = vehicleRecord({ ...ABOUT, ...changes, incoming })
  return { key, text: Buffer.from(data).toString() }
}

t.test('a record, member by member', async (t) => {
  const { key, text } = recordOf('{"VIN":"x","Fuel":1.50}')
  t.equal(key, VIN)
  t.equal(
    text,
    `{"event_id":"${JSON.parse(text).event_id}","vin":"${VIN}","type":"trip","topic":"dt/cvra/ECU \\"1\\"/trip",` +
      '"sent_at":"2026-03-31T23:33:20.000Z","received_at":"2026-03-31T23:33:20.500Z",' +
      '"message":{"VIN":"x","Fuel":1.50}}',
    'the message is not written anew: 1.50 stays 1.50',
  )
})

t.test('the id is that of vehicle, type and message, for ever', async (t) => {
  const idOf = (changes?: Partial<typeof ABOUT>) =>
    JSON.parse(recordOf('{}', changes).text).event_id
  // Checked against Python's uuid.uuid5 with the same namespace and name.
  t.equal(idOf(), '15fbda5f-9cdc-550d-beaf-de7ca4d51c34')
  t.equal(idOf({ sentAt: 5 }), idOf())
  const others = [{ vin: 'OTHER' }, { type: 'dtc' }, { id: 'message-2' }].map(idOf)
  t.equal(new Set([idOf(), ...others]).size, 4)
})

t.test('one line, whatever the sender wrote between values', async (t) => {
  const { text } = recordOf('\r\n{\n  "A": "x\\ny",\r\n  "B": [1,\n2]\n}\n')
  t.notMatch(text, /[\r\n]/)
  t.strictSame(JSON.parse(text).message, { A: 'x\ny', B: [1, 2] })
})

t.test('the example of the documentation is what is published', async (t) => {
  const path = join(import.meta.dirname, '../../docs/how-to/event-stream.md')
  const blocks = [...readFileSync(path, 'utf8').matchAll(/```json\n(.*?)```/gs)]
  const example = JSON.parse(blocks[1]?.[1] ?? '')
  const payload = Buffer.from(JSON.stringify(example.message))
  const receivedAt = Date.parse(example.received_at)
  const decoded = decodeMessage({ family: 'dtc', payload, receivedAt, sizeMaxBytes: 65_536 })
  if (!decoded.usable || decoded.message?.kind !== 'dtc') throw new Error('is a dtc message')
  const { kind: type, vin, sentAt, stamp } = decoded.message
  const incoming = { topic: example.topic, payload, receivedAt }
  const { data } = vehicleRecord({ type, vin, sentAt, id: stamp.id, incoming })
  t.equal(Buffer.from(data).toString(), JSON.stringify(example))
})
