import t from 'tap'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'
import type { ChargingRecordKind } from '../../../src/ports/charging-records.ts'
import { createChargingWorld, NOW } from '../../helpers/charging-world.ts'
import { createStation, faultOf, type Station } from './station.ts'

const world = await createChargingWorld(t, { vendorIds: ['com.example'] })
const AT = '2026-04-06T09:59:30.000Z'

const records = ({ session }: Station, kind: ChargingRecordKind) =>
  world.stores.records.list({ chargePointId: session.id, kind, limit: 100 })
const connectors = ({ session }: Station) => world.stores.chargePoints.connectors(session.id)

const boot = { chargePointVendor: 'Example', chargePointModel: 'Wallbox 3' }

t.test('1.6 BootNotification: who is registered is accepted, and what it is is kept', async (t) => {
  const station = await createStation(world)
  const answer = await station.call('BootNotification', {
    ...boot,
    chargeBoxSerialNumber: 'BOX-1',
    firmwareVersion: '1.2.3',
    iccid: '8949',
    imsi: '26201',
    meterType: 'MID',
    meterSerialNumber: 'M-1',
  })
  t.strictSame(answer, {
    status: 'Accepted',
    currentTime: '2026-04-06T10:00:00.000Z',
    interval: 300,
  })
  const known = await world.stores.chargePoints.find(station.session.id)
  t.equal(known?.bootedAt, NOW)
  t.match(known?.boot, {
    vendor: 'Example',
    model: 'Wallbox 3',
    serialNumber: 'BOX-1',
    firmwareVersion: '1.2.3',
    iccid: '8949',
    imsi: '26201',
    meterType: 'MID',
    meterSerialNumber: 'M-1',
  })
})

t.test('1.6 BootNotification: who is not accepted is told when to come back', async (t) => {
  const pending = await createStation(world, 'pending')
  t.match(await pending.call('BootNotification', boot), { status: 'Pending', interval: 30 })
  const rejected = await createStation(world, 'rejected')
  t.match(await rejected.call('BootNotification', boot), { status: 'Rejected', interval: 30 })
  t.ok((await world.stores.chargePoints.find(rejected.session.id))?.boot, 'it is known what it is')
})

t.test('1.6 BootNotification: an operator may have changed his mind', async (t) => {
  const station = await createStation(world, 'pending')
  const { session } = station
  await world.stores.chargePoints.change(session.id, { registration: 'accepted' })
  t.match(await station.call('BootNotification', boot), { status: 'Accepted' })
  t.equal(session.registration, 'accepted')
  await world.stores.chargePoints.remove(session.id)
  t.match(await station.call('BootNotification', boot), { status: 'Rejected' })
  t.equal(session.registration, 'rejected', 'who was removed may not go on')
})

t.test('1.6 BootNotification: bad input', async (t) => {
  t.match(faultOf('Request', 'BootNotification', { chargePointVendor: 'E' }), /^occurrence/)
  const chargePointModel = 'x'.repeat(21)
  t.match(faultOf('Request', 'BootNotification', { ...boot, chargePointModel }), /^property/)
  t.match(faultOf('Request', 'BootNotification', { ...boot, colour: 'red' }), /^syntax/)
})

t.test('1.6 Heartbeat: our time; bad input', async (t) => {
  const station = await createStation(world)
  t.strictSame(await station.call('Heartbeat', {}), { currentTime: '2026-04-06T10:00:00.000Z' })
  t.match(faultOf('Request', 'Heartbeat', { at: AT }), /^syntax/)
})

t.test('1.6 StatusNotification: of a connector, with its error', async (t) => {
  const station = await createStation(world)
  const fault = {
    connectorId: 2,
    status: 'Faulted',
    errorCode: 'GroundFailure',
    info: 'leak',
    vendorId: 'com.example',
    vendorErrorCode: 'E7',
    timestamp: AT,
  }
  t.strictSame(await station.call('StatusNotification', fault), {})
  t.match(await connectors(station), [
    {
      evseId: 2,
      connectorId: 2,
      state: 'Faulted',
      errorCode: 'GroundFailure',
      info: 'leak',
      vendorId: 'com.example',
      vendorErrorCode: 'E7',
      at: Date.parse(AT),
    },
  ])
})

t.test('1.6 StatusNotification: without a time it is now; no error is none', async (t) => {
  const station = await createStation(world)
  const status = { connectorId: 0, status: 'Available', errorCode: 'NoError' }
  await station.call('StatusNotification', status)
  t.match(await connectors(station), [
    { evseId: 0, connectorId: 0, state: 'Available', errorCode: undefined, at: NOW },
  ])
})

t.test('1.6 StatusNotification: a late one replaces no newer one', async (t) => {
  const station = await createStation(world)
  const status = { connectorId: 1, errorCode: 'NoError' }
  await station.call('StatusNotification', { ...status, status: 'Charging', timestamp: AT })
  const earlier = '2026-04-06T09:00:00Z'
  await station.call('StatusNotification', { ...status, status: 'Preparing', timestamp: earlier })
  t.match(await connectors(station), [{ state: 'Charging' }])
})

t.test('1.6 StatusNotification: a word that is overlooked is kept, and is no label', async (t) => {
  const { session } = await createStation(world)
  const request = { connectorId: 1, errorCode: 'NoError', status: 'Dreaming', timestamp: AT }
  const { services } = world
  await actions16['StatusNotification']?.from?.handle({
    session,
    request: request as never,
    services,
  })
  t.match(world.events.at(-1), { kind: 'status', outcome: 'other' })
  t.match(await connectors({ session } as Station), [{ state: 'Dreaming' }])
})

t.test('1.6 StatusNotification: bad input', async (t) => {
  const fault = (status: object) =>
    faultOf('Request', 'StatusNotification', { connectorId: 1, errorCode: 'NoError', ...status })
  t.match(fault({ status: 'Occupied' }), /^property/, 'a state of 1.5 and of 2.0.1')
  t.match(fault({}), /^occurrence/)
})

for (const [action, request, kind] of [
  ['DiagnosticsStatusNotification', { status: 'Uploading' }, 'diagnostics-status'],
  ['FirmwareStatusNotification', { status: 'Installed' }, 'firmware-status'],
  [
    'SignedFirmwareStatusNotification',
    { status: 'InvalidSignature', requestId: 4 },
    'firmware-status',
  ],
  ['LogStatusNotification', { status: 'Uploaded', requestId: 3 }, 'log-status'],
] as const) {
  t.test(`1.6 ${action}: kept and answered; bad input`, async (t) => {
    const station = await createStation(world)
    t.strictSame(await station.call(action, request), {})
    t.match(await records(station, kind), [{ at: NOW, document: request }])
    t.match(faultOf('Request', action, {}), /^occurrence/)
    t.match(faultOf('Request', action, { status: 'Confused' }), /^property/)
  })
}

t.test('1.6 SecurityEventNotification: kept once, with its time; bad input', async (t) => {
  const station = await createStation(world)
  const event = { type: 'FirmwareUpdated', timestamp: AT, techInfo: '1.2.4' }
  t.strictSame(await station.call('SecurityEventNotification', event), {})
  t.strictSame(await station.call('SecurityEventNotification', event), {})
  const kept = await records(station, 'security-event')
  t.equal(kept.length, 1, 'told again it is the same')
  t.match(kept, [{ at: Date.parse(AT), document: event }])
  t.match(faultOf('Request', 'SecurityEventNotification', { type: 'X' }), /^occurrence/)
})

t.test('1.6 SignCertificate: kept for a person, and refused; bad input', async (t) => {
  const station = await createStation(world)
  const csr = '-----BEGIN CERTIFICATE REQUEST-----\nMII…\n-----END CERTIFICATE REQUEST-----\n'
  t.strictSame(await station.call('SignCertificate', { csr }), { status: 'Rejected' })
  t.match(await records(station, 'certificate-request'), [{ document: { csr } }])
  t.match(faultOf('Request', 'SignCertificate', { csr: 'x'.repeat(5501) }), /^property/)
  t.match(faultOf('Request', 'SignCertificate', {}), /^occurrence/)
})

t.test('1.6 DataTransfer: of a vendor that is known, and of another', async (t) => {
  const station = await createStation(world)
  const known = { vendorId: 'com.example', messageId: 'Colour', data: 'green' }
  t.strictSame(await station.call('DataTransfer', known), { status: 'Accepted' })
  const unknown = { vendorId: 'org.nobody' }
  t.strictSame(await station.call('DataTransfer', unknown), { status: 'UnknownVendorId' })
  const kept = (await records(station, 'data-transfer')).map(({ document }) => document)
  t.strictSame(new Set(kept), new Set([known, unknown]), 'both are kept')
})

t.test('1.6 DataTransfer: bad input', async (t) => {
  t.match(faultOf('Request', 'DataTransfer', {}), /^occurrence/)
  const data = { colour: 'green' }
  t.match(faultOf('Request', 'DataTransfer', { vendorId: 'com.example', data }), /^type/)
})
