import t from 'tap'
import { applyMessage } from '../../src/telemetry/apply-message.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { cardata, deviceLink, dtc, groupEvent, VIN } from '../helpers/messages.ts'

import { at, fleet, OTHER_VIN, options, receivedAt, send } from '../helpers/registry.ts'

t.test('limits of the registry make dead letters, not memory', async (t) => {
  t.throws(
    () =>
      fleet(
        [
          ['cardata', cardata()],
          ['cardata', cardata({ VIN: OTHER_VIN })],
        ],
        1,
      ),
    /VEHICLES_MAX=1/,
  )
  const registry = fleet([])
  for (let code = 0; code < 200; code += 1) send(registry, 'dtc', dtc(`P${code}`))
  t.throws(() => send(registry, 'dtc', dtc('ONE-MORE')), /more than 200 trouble codes/)
  t.doesNotThrow(() => send(registry, 'dtc', dtc('P7', { SendTimeStamp: at(9) })))
})

t.test('limits on what one message can make a document hold', async (t) => {
  const registry = fleet([])
  const long = { colorCode: 'x'.repeat(2000) }
  t.throws(() => send(registry, 'group-event', groupEvent('modify', long)), /colorcode" is longer/)
  for (let device = 0; device < 100; device += 1) {
    send(registry, 'device-event', deviceLink(`ECU-${device}`, { attach: VIN }, at(1)))
  }
  const more = deviceLink('ECU-MORE', { attach: VIN }, at(1))
  t.throws(() => send(registry, 'device-event', more), /DEVICES_MAX=100/)
  t.equal(registry.view(VIN)?.devices.length, 100, 'the refused one left no trace')
})

t.test('a message that cannot be stored has no effect in memory either', async (t) => {
  const registry = fleet([])
  for (const TripId of ['x'.repeat(200), '\ud800', 'a\0b']) {
    const message = cardata({ OilTemp: 350, TripId })
    t.throws(() => send(registry, 'cardata', message), /tripid/)
  }
  send(registry, 'cardata', cardata({ SendTimeStamp: at(9) }))
  t.same(registry.view(VIN)?.anomalies, [])
})

t.test('numbers beyond what JSON can repeat are left out', async (t) => {
  const text = JSON.stringify(cardata()).replace('32.315', '1e999')
  const payload = Buffer.from(text)
  const decoded = decodeMessage({ family: 'cardata', payload, receivedAt, sizeMaxBytes: 65_536 })
  if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('unusable')
  const registry = fleet([])
  registry.noteStored(applyMessage(registry, decoded.message, options), new Set())
  t.equal(registry.view(VIN)?.telemetry?.speedKmh, undefined)
})

t.test('a clock far off is flagged in the document', async (t) => {
  const registry = fleet([])
  const late = send(registry, 'cardata', cardata())
  t.match(JSON.parse(late.history[0]?.document ?? ''), { clockskewms: Number })
  const now = new Date(receivedAt).toISOString()
  const right = send(registry, 'cardata', cardata({ SendTimeStamp: now }))
  t.equal(JSON.parse(right.history[0]?.document ?? '').clockskewms, undefined)
})
