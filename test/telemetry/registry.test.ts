import fc from 'fast-check'
import t from 'tap'
import { applyMessage } from '../../src/telemetry/apply-message.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import {
  bytes,
  cardata,
  deviceEvent,
  deviceLink,
  dtc,
  groupEvent,
  VIN,
} from '../helpers/messages.ts'

import {
  at,
  fleet,
  OTHER_VIN,
  options,
  receivedAt,
  type Sent,
  send,
  storedDocument,
} from '../helpers/registry.ts'

const create = groupEvent('create', { make: 'AMZ', model: '4', modelYear: 2019 }, { time: at(1) })
const repaint = groupEvent('modify', { colorCode: '254' }, { time: at(2) })
const ecu = deviceEvent('ECU-1', 'create', { attributes: { type: 'tcu' } }, { time: at(1) })
const attach = deviceLink('ECU-1', { attach: VIN }, at(2))
const version = deviceEvent(
  'ECU-1',
  'modify',
  { attributes: { softwareVersion: '2.3' } },
  { time: at(3) },
)

t.test('group, device, attach and version in any order give the same vehicle', async (t) => {
  const messages: Sent[] = [
    ['group-event', create],
    ['group-event', repaint],
    ['device-event', ecu],
    ['device-event', attach],
    ['device-event', version],
  ]
  const expected = {
    vin: VIN,
    make: 'AMZ',
    model: '4',
    modelYear: 2019,
    color: '254',
    devices: [{ deviceid: 'ecu-1', softwareversion: '2.3' }],
    troubleCodes: [],
    anomalies: [],
  }
  fc.assert(
    fc.property(fc.shuffledSubarray(messages, { minLength: 5 }), (shuffled) => {
      t.same(fleet(shuffled).view(VIN), expected)
    }),
    { seed: 1, numRuns: 120 },
  )
})

t.test(
  'defect 4: no read, no sleep and no second document when group and device race',
  async (t) => {
    const registry = fleet([['device-event', attach]])
    t.match(registry.view(VIN), { devices: [{ deviceid: 'ecu-1' }] }, 'device before group')
    send(registry, 'group-event', create)
    send(registry, 'group-event', create)
    t.match(registry.view(VIN), { make: 'AMZ', devices: [{ deviceid: 'ecu-1' }] })
    t.equal(registry.size, 1)
  },
)

t.test('a patch changes only what it names', async (t) => {
  const registry = fleet([
    ['group-event', create],
    ['group-event', repaint],
  ])
  t.match(registry.view(VIN), { make: 'AMZ', color: '254' })
  const status = deviceEvent(
    'ECU-1',
    'modify',
    { attributes: { status: 'installed' } },
    { time: at(9) },
  )
  const devices = fleet([
    ['device-event', attach],
    ['device-event', version],
    ['device-event', status],
  ])
  t.same(devices.view(VIN)?.devices, [{ deviceid: 'ecu-1', softwareversion: '2.3' }])
})

t.test('an ECU that moves is in one vehicle, whatever the order of the messages', async (t) => {
  const moves: Sent[] = [
    ['device-event', deviceLink('ECU-1', { attach: VIN }, at(1))],
    ['device-event', deviceLink('ECU-1', { attach: OTHER_VIN }, at(2))],
    ['device-event', deviceLink('ECU-1', { detach: VIN }, at(3))],
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(moves, { minLength: 3 }), (shuffled) => {
      const registry = fleet(shuffled)
      t.same(registry.view(VIN)?.devices, [])
      t.same(registry.view(OTHER_VIN)?.devices, [{ deviceid: 'ecu-1' }])
    }),
    { seed: 2, numRuns: 30 },
  )
})

t.test(
  'an ECU that was taken out of its last vehicle is in none, not back in the one before',
  async (t) => {
    const moves: Sent[] = [
      ['device-event', deviceLink('ECU-1', { attach: VIN }, at(1))],
      ['device-event', deviceLink('ECU-1', { attach: OTHER_VIN }, at(2))],
      ['device-event', deviceLink('ECU-1', { detach: OTHER_VIN }, at(3))],
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(moves, { minLength: 3 }), (shuffled) => {
        const registry = fleet(shuffled)
        t.same(registry.view(VIN)?.devices ?? [], [])
        t.same(registry.view(OTHER_VIN)?.devices ?? [], [])
      }),
      { seed: 5, numRuns: 30 },
    )
  },
)

t.test('property: the whole status, deletions too, does not depend on the order', async (t) => {
  const messages: Sent[] = [
    ['group-event', create],
    ['group-event', repaint],
    ['dtc', dtc('P1734', { SendTimeStamp: at(1) })],
    ['dtc', dtc('P1734', { SendTimeStamp: at(4), DTC: { Code: 'P1734', Cleared: 'true' } })],
    ['dtc', dtc('', { SendTimeStamp: at(2) })],
    ['group-event', groupEvent('delete', {}, { time: at(3) })],
    ['dtc', dtc('P0301', { SendTimeStamp: at(5) })],
  ]
  const status = (sent: readonly Sent[]) => {
    const { revision, ...rest } = fleet(sent).vehicle(VIN).status
    return rest
  }
  const expected = status(messages)
  fc.assert(
    fc.property(fc.shuffledSubarray(messages, { minLength: 7 }), (shuffled) => {
      t.same(status(shuffled), expected)
    }),
    { seed: 6, numRuns: 200 },
  )
})

t.test('two messages with one id in one millisecond are two messages', async (t) => {
  const registry = fleet([])
  const first = send(registry, 'dtc', dtc('P1703'))
  const second = send(registry, 'dtc', dtc('P0521'))
  t.same(registry.view(VIN)?.troubleCodes, ['P0521', 'P1703'])
  t.not(first.history[0]?.id, second.history[0]?.id)
  t.equal(
    send(registry, 'dtc', dtc('P1703')).history[0]?.id,
    first.history[0]?.id,
    'the same again',
  )
})

t.test('a component is where its device is', async (t) => {
  const component = {
    ...deviceEvent('ECU-1', 'create', { attributes: { softwareVersion: '7' } }, { time: at(4) }),
    attributes: { deviceId: 'ECU-1', componentId: 'CAM-1' },
  }
  const both = [{ deviceid: 'cam-1', softwareversion: '7' }, { deviceid: 'ecu-1' }]
  t.same(
    fleet([
      ['device-event', attach],
      ['device-event', component],
    ]).view(VIN)?.devices,
    both,
  )
  t.same(
    fleet([
      ['device-event', component],
      ['device-event', attach],
    ]).view(VIN)?.devices,
    both,
  )
})

t.test('a deleted device leaves its vehicle; a late message does not bring it back', async (t) => {
  const remove = deviceEvent('ECU-1', 'delete', {}, { time: at(5) })
  t.same(
    fleet([
      ['device-event', attach],
      ['device-event', remove],
    ]).view(VIN)?.devices,
    [],
  )
  t.same(
    fleet([
      ['device-event', remove],
      ['device-event', attach],
    ]).view(VIN),
    undefined,
  )
})

t.test(
  'a deleted vehicle stays away from late messages and comes back with new ones',
  async (t) => {
    const registry = fleet([
      ['group-event', create],
      ['cardata', cardata({ SendTimeStamp: at(4) })],
      ['dtc', dtc('P1734', { SendTimeStamp: at(4) })],
      ['group-event', groupEvent('delete', {}, { time: at(5) })],
    ])
    t.equal(registry.view(VIN), undefined)
    send(registry, 'cardata', cardata({ SendTimeStamp: at(3) }))
    send(registry, 'dtc', dtc('P0301', { SendTimeStamp: at(3) }))
    send(registry, 'group-event', repaint)
    t.equal(registry.view(VIN), undefined, 'late')
    send(registry, 'cardata', cardata({ SendTimeStamp: at(6) }))
    t.match(registry.view(VIN), { vin: VIN, make: undefined, troubleCodes: [] }, 'new')
  },
)

t.test('defect 1: an older message never replaces a newer one', async (t) => {
  const registry = fleet([
    ['cardata', cardata({ SendTimeStamp: at(2), Fuel: 2 })],
    ['cardata', cardata({ SendTimeStamp: at(1), Fuel: 1 })],
  ])
  t.equal(registry.view(VIN)?.telemetry?.fuelL, 2)
})

t.test('a clock in the future locks no vehicle out', async (t) => {
  const registry = fleet([['cardata', cardata({ SendTimeStamp: '2099-01-01T00:00:00Z', Fuel: 1 })]])
  const later = { payload: bytes(cardata({ SendTimeStamp: '2027-01-01T00:00:00Z', Fuel: 2 })) }
  const decoded = decodeMessage({
    ...later,
    family: 'cardata',
    receivedAt: Date.parse('2027-01-01T00:00:01Z'),
    sizeMaxBytes: 65_536,
  })
  if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('unusable')
  const { message } = decoded
  registry.noteStored(applyMessage(registry, message, options), new Set())
  t.equal(registry.view(VIN)?.telemetry?.fuelL, 2)
})

t.test('equal times are decided by message id, in both orders', async (t) => {
  const a: Sent = ['cardata', cardata({ MessageId: 'a', Fuel: 1 })]
  const b: Sent = ['cardata', cardata({ MessageId: 'b', Fuel: 2 })]
  t.equal(fleet([a, b]).view(VIN)?.telemetry?.fuelL, 2)
  t.equal(fleet([b, a]).view(VIN)?.telemetry?.fuelL, 2)
})

t.test('a bad position keeps the last good one, also when that comes late', async (t) => {
  const good: Sent = ['cardata', cardata({ SendTimeStamp: at(1) })]
  const bad: Sent = ['cardata', cardata({ SendTimeStamp: at(2), GeoLocation: null, Fuel: 9 })]
  for (const messages of [
    [good, bad],
    [bad, good],
  ]) {
    const view = fleet(messages).view(VIN)
    t.match(view, { position: { latitude: 36.0363100266 }, telemetry: { fuelL: 9 } })
  }
})

t.test('defect 6: trouble codes are a set with a life', async (t) => {
  const messages: Sent[] = [
    ['dtc', dtc('P1734', { SendTimeStamp: at(1) })],
    ['dtc', dtc('P0301', { SendTimeStamp: at(2) })],
    ['dtc', dtc('', { SendTimeStamp: at(3) })],
    ['dtc', dtc('U1627', { SendTimeStamp: at(4) })],
    ['dtc', dtc('P0521', { SendTimeStamp: at(5) })],
    ['dtc', dtc('', { SendTimeStamp: at(6), DTC: { Code: 'P0521', Cleared: 'true' } })],
    ['dtc', dtc('P1734', { SendTimeStamp: at(7) })],
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(messages, { minLength: 7 }), (shuffled) => {
      t.same(fleet(shuffled).view(VIN)?.troubleCodes, ['P1734', 'U1627'])
    }),
    { seed: 3, numRuns: 60 },
  )
})

t.test(
  'the oil temperature anomaly is raised above the limit and cleared below, in any order',
  async (t) => {
    const messages: Sent[] = [
      ['cardata', cardata({ SendTimeStamp: at(1), OilTemp: 290 })],
      ['cardata', cardata({ SendTimeStamp: at(2), OilTemp: 270 })],
      ['cardata', cardata({ SendTimeStamp: at(3), OilTemp: 300 })],
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(messages, { minLength: 2 }), (shuffled) => {
        const last = shuffled.map(([, message]) => message as Record<string, unknown>)
        const newest = last.sort((a, b) =>
          String(b['SendTimeStamp']).localeCompare(String(a['SendTimeStamp'])),
        )[0]
        const expected = Number(newest?.['OilTemp']) > 280 ? ['OilTemp'] : []
        t.same(fleet(shuffled).view(VIN)?.anomalies, expected)
      }),
      { seed: 4, numRuns: 60 },
    )
  },
)

t.test(
  'status and cardata documents carry what the original joined by a search per message',
  async (t) => {
    const registry = fleet([
      ['group-event', create],
      ['device-event', attach],
      ['device-event', version],
    ])
    const change = send(registry, 'cardata', cardata())
    const stored = storedDocument(change)
    t.match(stored, {
      vin: VIN,
      geolocation: { location: [-115.13324000557736, 36.0363100266] },
      attributes: { make: 'AMZ' },
      devices: [{ deviceid: 'ecu-1', softwareversion: '2.3' }],
    })
    const own = send(registry, 'cardata', cardata({ MessageId: 'own', Attributes: { a: 1 } }))
    t.match(storedDocument(own), { attributes: { a: 1 } }, 'a key of its own is kept')
  },
)

t.test('a status that was not stored goes along with the next message', async (t) => {
  const registry = fleet([])
  const lost = {
    family: 'dtc',
    payload: bytes(dtc('P1734')),
    receivedAt,
    sizeMaxBytes: 65_536,
  } as const
  const decoded = decodeMessage(lost)
  if (!decoded.usable || decoded.message?.kind !== 'dtc') throw new Error('unusable')
  t.equal(applyMessage(registry, decoded.message, options).change.statuses?.length, 1)
  const again = applyMessage(registry, decoded.message, options)
  t.equal(again.change.statuses?.length, 1, 'the write before was not confirmed')
  registry.noteStored(again, new Set())
  t.equal(applyMessage(registry, decoded.message, options).change.statuses?.length, 0)
})
