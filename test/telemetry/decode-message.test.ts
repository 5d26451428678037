import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../src/domain/json.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import type { Decoded, Message } from '../../src/telemetry/messages.ts'
import type { TopicFamily } from '../../src/telemetry/topics.ts'
import {
  bytes,
  cardata,
  deviceEvent,
  deviceLink,
  dtc,
  event,
  groupEvent,
  jobExecution,
  trip,
  VIN,
} from '../helpers/messages.ts'
import { ruleError } from '../helpers/rule-error.ts'
import { streamRecord } from '../helpers/stream-records.ts'

const receivedAt = Date.parse('2026-12-31T00:00:00Z')
const sizeMaxBytes = 65_536

function decode(family: TopicFamily, payload: unknown): Decoded {
  const buffer = Buffer.isBuffer(payload) ? payload : bytes(payload)
  return decodeMessage({ family, payload: buffer, receivedAt, sizeMaxBytes })
}

function usable<K extends Message['kind']>(family: K, payload: unknown) {
  const decoded = decode(family, payload)
  if (!decoded.usable || decoded.message === undefined) throw new Error(JSON.stringify(decoded))
  return decoded.message as Extract<Message, { kind: K }>
}

function reason(family: TopicFamily, payload: unknown): string {
  const decoded = decode(family, payload)
  return decoded.usable ? 'usable' : decoded.reason
}

t.test('every one of the seven messages is understood', async (t) => {
  const telemetry = usable('cardata', cardata())
  t.match(telemetry, {
    vin: VIN,
    tripId: 'D7SJG5oY6',
    sentAt: Date.parse('2026-04-06T18:27:54.762Z'),
    position: { longitude: -115.13324000557736, latitude: 36.0363100266 },
    repairs: 0,
  })
  t.match(telemetry.document, { geolocation: { latitude: 36.0363100266 } })
  t.match(JSON.parse(telemetry.text ?? ''), {
    geolocation: { latitude: 36.0363100266 },
    communications: { gsm: { satelites: '' }, wifi: { 'networkid ': '' } },
  })
  t.match(usable('trip', trip()), { tripId: 'D7SJG5oY6' })
  t.match(usable('dtc', dtc('P1734')), { code: 'P1734', raises: true })
  t.match(usable('event', event()).document, { alert: { videoevent: { event_id: 169 } } })
  t.match(usable('group-event', groupEvent('create', { modelYear: 2009 })), {
    vin: VIN,
    attributes: { modelyear: 2009 },
  })
  t.match(usable('device-event', deviceEvent('ECU-1', 'create', { attributes: { type: 'tcu' } })), {
    deviceId: 'ecu-1',
    attributes: { type: 'tcu' },
  })
  t.match(usable('job-execution', jobExecution('cdf-1', 'ECU-1')), {
    jobId: 'cdf-1',
    deviceId: 'ecu-1',
    succeeded: true,
  })
})

t.test('the event of the simulator and the event of the camera are both accepted', async (t) => {
  const body = { Body: { DoorStatus: 'LR Open' }, Chassis: { TyrePressure: 'LF 1.9' } }
  t.match(usable('event', event({ Alert: body })).document, {
    alert: { body: { doorstatus: 'LR Open' } },
  })
})

t.test('the ways to say that a trouble code is gone', async (t) => {
  t.match(usable('dtc', dtc('')), { code: undefined, raises: false })
  const cleared = dtc('', { DTC: { Code: 'P1734', Changed: 'true', Cleared: 'true' } })
  t.match(usable('dtc', cleared), { code: 'P1734', raises: false })
  const still = dtc('', { DTC: { Code: 'P1734', Changed: 'false' } })
  t.match(usable('dtc', still), { code: 'P1734', raises: true })
})

t.test('what the asset library says of a device', async (t) => {
  const attached = usable(
    'device-event',
    deviceLink('ECU-1', { attach: VIN }, '2026-01-01T00:00:00Z'),
  )
  t.same({ ...attached.installations }, { [VIN]: true })
  const detached = usable(
    'device-event',
    deviceLink('ECU-1', { detach: VIN }, '2026-01-01T00:00:00Z'),
  )
  t.same({ ...detached.installations }, { [VIN]: false })
  const groups = {
    installed_in: [`/auto/vehicles/${VIN.toLowerCase()}`],
    manufactured_by: ['/s/x'],
  }
  const created = usable('device-event', deviceEvent('ECU-1', 'create', { groups }))
  t.same({ ...created.installations }, { [VIN]: true })
  const newer = usable('device-event', deviceEvent('ECU-1', 'create', { groups: { out: groups } }))
  t.same({ ...newer.installations }, { [VIN]: true })
  const other = deviceLink('ECU-1', { attach: VIN }, '2026-01-01T00:00:00Z')
  const made = { ...(other['attributes'] as JsonObject), relationship: 'manufactured_by' }
  t.same({ ...usable('device-event', { ...other, attributes: made }).installations }, {})
  const component = deviceEvent('ECU-1', 'create', { attributes: { softwareVersion: '1' } })
  const attributes = { deviceId: 'ECU-1', componentId: 'CAM-7' }
  t.match(usable('device-event', { ...component, attributes }), {
    deviceId: 'cam-7',
    parent: 'ecu-1',
  })
})

t.test('a group that is no vehicle is ignored, not a dead letter', async (t) => {
  const supplier = { objectId: '/suppliers/acme', type: 'groups', event: 'create', payload: '{}' }
  t.match(decode('group-event', supplier), { usable: true, message: undefined })
})

t.test('numbers that came as text are repaired only where that is safe', async (t) => {
  t.match(usable('cardata', cardata({ Fuel: '1.5', OilTemp: '-2e1' })), {
    document: { fuel: 1.5, oiltemp: -20 },
    repairs: 2,
  })
  const unsafe = [
    '1,5',
    ' 1',
    '0x10',
    '007',
    'Infinity',
    'NaN',
    '',
    '1e999',
    '99999999999999999999',
  ]
  for (const text of unsafe) {
    t.equal(reason('cardata', cardata({ Fuel: text })), 'fuel must be number', JSON.stringify(text))
  }
  t.equal(usable('cardata', cardata({ Name: '12', TripId: '34' })).repairs, 0, 'text stays text')
})

const bodies: [name: string, payload: Buffer, reason: RegExp][] = [
  ['nothing', Buffer.alloc(0), /not JSON/],
  ['not JSON', Buffer.from('VIN=5'), /not JSON/],
  ['NaN', Buffer.from(JSON.stringify(cardata()).replace('1.0735', 'NaN')), /not JSON/],
  ['an array', Buffer.from('[]'), /not a JSON object/],
  ['null', Buffer.from('null'), /not a JSON object/],
  ['a null VIN', bytes(cardata({ VIN: null })), /^vin must be string/],
  ['a number for a VIN', bytes(cardata({ VIN: 5 })), /^vin must be string/],
  ['an empty VIN', bytes(cardata({ VIN: '' })), /^vin /],
  ['a VIN with a slash', bytes(cardata({ VIN: '../../etc' })), /^vin /],
  ['128 KB', Buffer.alloc(131_072, ' '), /larger than 65536 bytes/],
  ['20,000 nested arrays', nested(20_000), /nested deeper than 32 levels/],
  ['33 levels', nested(33), /nested deeper than 32 levels/],
  ['__proto__', Buffer.from('{"__proto__":{"vin":"X"}}'), /__proto__ is not allowed/],
  ['__PROTO__ deep inside', Buffer.from('{"a":[{"__PROTO__":1}]}'), /__proto__ is not allowed/],
  ['two spellings of a key', Buffer.from('{"VIN":"A","vin":"B"}'), /"vin" comes twice/],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not valid UTF-8/],
  ['no send time', bytes(cardata({ SendTimeStamp: null })), /^sendtimestamp must be string/],
  [
    'a send time in words',
    bytes(cardata({ SendTimeStamp: 'noon' })),
    /sendtimestamp is not an ISO/,
  ],
  ['the 30th of February', bytes(cardata({ SendTimeStamp: '2026-02-32T00:00:00Z' })), /not an ISO/],
  ['a trip id that is an object', bytes(cardata({ TripId: {} })), /^tripid must be string/],
]

function nested(depth: number): Buffer {
  const message = JSON.stringify({ ...cardata(), Deep: 'HERE' })
  return Buffer.from(message.replace('"HERE"', `${'['.repeat(depth)}${']'.repeat(depth)}`))
}

for (const [name, payload, expected] of bodies) {
  t.test(`bad input: ${name}`, async (t) => t.match(reason('cardata', payload), expected))
}

t.test('bad input: shapes of the other six', async (t) => {
  t.match(reason('trip', trip({ TripId: null })), /^tripid must be string/)
  t.match(reason('trip', trip({ TripSummary: [] })), /^tripsummary must be object/)
  t.match(reason('dtc', dtc('P1734', { DTC: 'P1734' })), /^dtc must be object/)
  t.match(reason('dtc', dtc('__proto__')), /^dtc\.code must match/)
  t.match(reason('event', event({ Alert: 'door' })), /^alert must be object/)
  t.match(
    reason('group-event', { ...groupEvent('create', {}), payload: '{' }),
    /payload is not JSON/,
  )
  t.match(reason('group-event', { ...groupEvent('create', {}), event: 'burn' }), /^event must/)
  t.match(
    reason('device-event', deviceEvent('E', 'create', { attributes: 7 })),
    /attributes is not/,
  )
  t.match(reason('job-execution', jobExecution('../x', 'E')), /^jobid must match/)
  t.match(reason('job-execution', jobExecution('cdf-1', 'E', { thingArn: 'x' })), /^thingarn/)
})

t.test('defect 10: a bad position spoils only the position', async (t) => {
  const good = cardata()['GeoLocation'] as JsonObject
  const faults: [unknown, string][] = [
    [undefined, 'missing'],
    [null, 'missing'],
    ['here', 'missing'],
    [{ ...good, Latitude: null }, 'missing'],
    [{ ...good, Latitude: 0, Longitude: 0 }, 'zero'],
    [{ ...good, Latitude: 90.1 }, 'out-of-range'],
    [{ ...good, Longitude: -180.1 }, 'out-of-range'],
    [{ ...good, Latitude: 'north' }, 'not-a-number'],
    [{ Start: { Latitude: 1, Longitude: 1 }, MyLatitude: 1, MyLongitude: 1 }, 'missing'],
  ]
  for (const [geolocation, fault] of faults) {
    const message = usable('cardata', cardata({ GeoLocation: geolocation as JsonObject }))
    t.equal(message.position, fault, JSON.stringify(geolocation))
    t.equal(message.document['fuel'], 1.0735)
  }
  const repaired = usable('cardata', cardata({ GeoLocation: { Latitude: '1.5', Longitude: '2' } }))
  t.same(repaired.position, { latitude: 1.5, longitude: 2 })
  t.equal(repaired.repairs, 2)
})

t.test('version is the earlier of send and receive time; the raw send time is kept', async (t) => {
  const ahead = usable('cardata', cardata({ SendTimeStamp: '2027-06-01T00:00:00Z' }))
  t.equal(ahead.stamp.at, receivedAt)
  t.equal(ahead.sentAt, Date.parse('2027-06-01T00:00:00Z'))
  t.equal(
    usable('cardata', cardata({ SendTimeStamp: '2026-01-01T00:00:00' })).stamp.at,
    Date.parse('2026-01-01T00:00:00Z'),
    'no zone is UTC',
  )
})

t.test('a message without an id gets one from its bytes, the same each time', async (t) => {
  const anonymous = cardata({ MessageId: null })
  const id = usable('cardata', anonymous).id
  t.match(id, /^[\w-]{22}$/)
  t.equal(usable('cardata', anonymous).id, id)
  t.not(usable('cardata', { ...anonymous, Fuel: 2 }).id, id)
})

t.test('property: any bytes give a message or a reason, never an exception', async (t) => {
  const families: TopicFamily[] = [
    'cardata',
    'trip',
    'dtc',
    'event',
    'device-event',
    'group-event',
    'job-execution',
    'anomaly-record',
    'rule-error',
  ]
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
    fc.object({ maxDepth: 4 }).map((object) => bytes({ ...cardata(), ...object })),
    fc
      .object({ maxDepth: 3 })
      .map((item) => bytes(streamRecord('INSERT', { item: item as never }))),
    fc.object({ maxDepth: 2 }).map((part) => bytes(ruleError('a', Buffer.of(1), part))),
  )
  fc.assert(
    fc.property(fc.constantFrom(...families), payload, (family, buffer) => {
      const decoded = decode(family, buffer)
      return decoded.usable || decoded.reason.length > 0
    }),
    { seed: 20_261_121, numRuns: 2000 },
  )
  t.pass('2000 payloads')
})
