import t from 'tap'
import type { OCPP20 } from 'typed-ocpp'
import { createWorld, faultOf, NOW, type Station } from './station.ts'

const world = await createWorld(t, ['com.example'])
const AT = '2026-04-06T09:59:30.000Z'
const CUSTOM = { vendorId: 'com.example', anything: [1, { two: 2 }] }

const connectors = ({ id }: Station) => world.stores.chargePoints.connectors(id)

const boot = {
  reason: 'PowerUp',
  chargingStation: {
    vendorName: 'Example',
    model: 'Wallbox 3',
    serialNumber: 'SN-1',
    firmwareVersion: '1.2.3',
    modem: { iccid: '8949', imsi: '26201' },
  },
}

t.test('2.0.1 BootNotification: TC_B_01 a registered station is accepted', async (t) => {
  const station = await world.station()
  t.same(await station.call('BootNotification', boot), {
    status: 'Accepted',
    currentTime: '2026-04-06T10:00:00.000Z',
    interval: 300,
  })
  const known = await world.stores.chargePoints.find(station.id)
  t.match(known?.boot, {
    vendor: 'Example',
    model: 'Wallbox 3',
    serialNumber: 'SN-1',
    firmwareVersion: '1.2.3',
    iccid: '8949',
    imsi: '26201',
    reason: 'PowerUp',
  })
  t.equal(known?.bootedAt, NOW)
})

t.test('2.0.1 BootNotification: TC_B_02 one that waits is told when to come back', async (t) => {
  const pending = await world.station('pending')
  t.match(await pending.call('BootNotification', boot), { status: 'Pending', interval: 30 })
  t.equal(pending.session.registration, 'pending')
  await world.stores.chargePoints.change(pending.id, { registration: 'accepted' })
  t.match(await pending.call('BootNotification', boot), { status: 'Accepted', interval: 300 })
  t.equal(pending.session.registration, 'accepted')
  const rejected = await world.station('rejected')
  t.match(await rejected.call('BootNotification', boot), { status: 'Rejected', interval: 30 })
})

t.test('2.0.1 BootNotification: what is needed is there', async (t) => {
  const { reason } = boot
  t.match(faultOf('Request', 'BootNotification', { reason }), /^occurrence/)
  const chargingStation = { vendorName: 'Example', model: 'x'.repeat(21) }
  t.match(faultOf('Request', 'BootNotification', { reason, chargingStation }), /^property/)
})

t.test('2.0.1 Heartbeat is answered with our time', async (t) => {
  const station = await world.station()
  t.same(await station.call('Heartbeat', {}), { currentTime: '2026-04-06T10:00:00.000Z' })
  t.match(faultOf('Request', 'Heartbeat', { extra: 1 }), /^syntax/)
})

t.test(
  '2.0.1 StatusNotification: TC_P_03 the state of a connector, custom data and all',
  async (t) => {
    const station = await world.station()
    const status = { evseId: 2, connectorId: 1, connectorStatus: 'Occupied', timestamp: AT }
    t.same(await station.call('StatusNotification', { ...status, customData: CUSTOM }), {})
    t.match(await connectors(station), [
      { evseId: 2, connectorId: 1, state: 'Occupied', at: Date.parse(AT) },
    ])
    const charging = { ...status, connectorStatus: 'Charging' }
    t.match(faultOf('Request', 'StatusNotification', charging), /^property/, 'a state of 1.6')
  },
)

t.test('2.0.1 StatusNotification: one that comes late changes nothing', async (t) => {
  const station = await world.station()
  const place = { evseId: 1, connectorId: 1 }
  const newer = { ...place, connectorStatus: 'Available', timestamp: '2026-04-06T09:59:31Z' }
  await station.call('StatusNotification', newer)
  await station.call('StatusNotification', { ...place, connectorStatus: 'Faulted', timestamp: AT })
  t.match(await connectors(station), [{ state: 'Available' }])
})

const event = {
  eventId: 1,
  timestamp: AT,
  trigger: 'Delta',
  actualValue: 'Occupied',
  eventNotificationType: 'HardWiredNotification',
  component: { name: 'Connector', evse: { id: 1, connectorId: 1 } },
  variable: { name: 'AvailabilityState' },
}

t.test('2.0.1 NotifyEvent is kept, and says how a connector is doing', async (t) => {
  const station = await world.station()
  const request = { generatedAt: AT, seqNo: 0, eventData: [event] }
  t.same(await station.call('NotifyEvent', request), {})
  t.match(await connectors(station), [{ evseId: 1, connectorId: 1, state: 'Occupied' }])
  t.same(
    (await station.records('device-event')).map(({ document }) => document),
    [request],
  )
})

t.test('2.0.1 NotifyEvent: TC_G_20 a lock that fails is kept and changes no state', async (t) => {
  const station = await world.station()
  const lock = {
    ...event,
    actualValue: 'true',
    trigger: 'Alerting',
    techCode: 'E17',
    component: { name: 'ConnectorPlugRetentionLock', evse: { id: 1, connectorId: 1 } },
    variable: { name: 'Problem' },
  }
  await station.call('NotifyEvent', { generatedAt: AT, seqNo: 0, eventData: [lock] })
  t.same(await connectors(station), [])
  t.equal((await station.records('device-event')).length, 1)
})

t.test(
  '2.0.1 NotifyEvent: states of other things, or that nobody knows, change nothing',
  async (t) => {
    const station = await world.station()
    const eventData = [
      { ...event, actualValue: 'Melting' },
      { ...event, component: { name: 'EVSE', evse: { id: 1, connectorId: 1 } } },
      { ...event, component: { name: 'Connector' } },
      { ...event, variable: { name: 'Available' } },
    ]
    await station.call('NotifyEvent', { generatedAt: AT, seqNo: 0, eventData })
    t.same(await connectors(station), [])
    t.match(faultOf('Request', 'NotifyEvent', { generatedAt: AT, seqNo: 0 }), /^occurrence/)
  },
)

t.test('2.0.1 NotifyReport: each part is kept once, however often it is told', async (t) => {
  const station = await world.station()
  const part = (seqNo: number, tbc: boolean, name: string) => ({
    requestId: 7,
    generatedAt: AT,
    seqNo,
    tbc,
    reportData: [
      {
        component: { name: 'OCPPCommCtrlr' },
        variable: { name },
        variableAttribute: [{ value: '300', mutability: 'ReadWrite' }],
      },
    ],
  })
  const parts = [part(0, true, 'HeartbeatInterval'), part(1, false, 'OfflineThreshold')]
  for (const request of [...parts, ...parts]) {
    t.same(await station.call('NotifyReport', request), {})
  }
  const kept = (await station.records('device-report')).map(({ document }) => document)
  t.same(
    kept.toSorted((a, b) => Number(a['seqNo']) - Number(b['seqNo'])),
    parts,
  )
  const again = { ...part(0, false, 'HeartbeatInterval'), generatedAt: '2026-04-06T09:59:40Z' }
  await station.call('NotifyReport', again)
  t.equal((await station.records('device-report')).length, 3, 'a new report by an old number')
  t.match(faultOf('Request', 'NotifyReport', { ...again, reportData: [{}] }), /^occurrence/)
})

const NOTIFICATIONS = [
  {
    title: '2.0.1 SecurityEventNotification is kept with its time',
    action: 'SecurityEventNotification',
    kind: 'security-event',
    request: { type: 'FirmwareUpdated', timestamp: AT, techInfo: 'by hand' },
    at: Date.parse(AT),
    bad: { type: 'FirmwareUpdated', timestamp: 'yesterday' },
  },
  {
    title: '2.0.1 FirmwareStatusNotification is kept',
    action: 'FirmwareStatusNotification',
    kind: 'firmware-status',
    request: { status: 'InstallRebooting', requestId: 3 },
    at: NOW,
    bad: { status: 'Rebooting' },
  },
  {
    title: '2.0.1 LogStatusNotification is kept',
    action: 'LogStatusNotification',
    kind: 'log-status',
    request: { status: 'Uploaded', requestId: 4 },
    at: NOW,
    bad: { requestId: 4 },
  },
  {
    title: '2.0.1 NotifyCustomerInformation is kept, its last part too',
    action: 'NotifyCustomerInformation',
    kind: 'customer-information',
    request: { requestId: 5, seqNo: 0, generatedAt: AT, data: '', tbc: false },
    at: Date.parse(AT),
    bad: { requestId: 5, seqNo: 0, generatedAt: AT, data: 'x'.repeat(513) },
  },
] as const

for (const { title, action, kind, request, at, bad } of NOTIFICATIONS) {
  t.test(title, async (t) => {
    const station = await world.station()
    t.same(await station.call(action, request), {})
    t.match(await station.records(kind), [{ at, document: request }])
    t.ok(faultOf('Request', action, bad))
  })
}

t.test('2.0.1 SignCertificate is kept and rejected: nobody here can sign', async (t) => {
  const station = await world.station()
  const request = {
    csr: '-----BEGIN CERTIFICATE REQUEST-----\nMII=\n',
    certificateType: 'V2GCertificate',
  }
  t.match(await station.call('SignCertificate', request), { status: 'Rejected' })
  t.match(await station.records('certificate-request'), [{ document: request }])
  t.match(faultOf('Request', 'SignCertificate', {}), /^occurrence/)
})

t.test(
  '2.0.1 DataTransfer: TC_P_02 what nobody here understands is kept all the same',
  async (t) => {
    const station = await world.station()
    const message = { vendorId: 'com.other', messageId: 'Blink', data: { colour: 'green' } }
    t.same(await station.call('DataTransfer', message), { status: 'UnknownVendorId' })
    t.match(await station.records('data-transfer'), [{ document: message }])
  },
)

t.test('2.0.1 DataTransfer: of a vendor that is ours, with data of any kind', async (t) => {
  const station = await world.station()
  for (const data of ['text', 17, [1, 2], { deep: { er: null } }]) {
    const answer = await station.call('DataTransfer', { vendorId: 'com.example', data })
    t.same(answer, { status: 'Accepted' })
  }
  t.match(faultOf('Request', 'DataTransfer', { messageId: 'Blink' }), /^occurrence/)
})

const sampledValue = [
  { value: 12.5, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'kWh' } },
  { value: 1.1, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W', multiplier: 3 } },
]

t.test('2.0.1 MeterValues: TC_J_01 clock-aligned, without a transaction', async (t) => {
  const station = await world.station()
  for (const evseId of [0, 1]) {
    const request = { evseId, meterValue: [{ timestamp: AT, sampledValue }] }
    t.same(await station.call('MeterValues', request), {})
  }
  const stored = { kind: 'readings', outcome: 'stored', chargePointId: station.id }
  t.same(world.events.slice(-2), [stored, stored])
  t.match(faultOf('Request', 'MeterValues', { evseId: 1, meterValue: [] }), /^occurrence/)
})

type Info = OCPP20.AuthorizeResponse
const ask = (station: Station, idToken: object, rest: object = {}) =>
  station.call<Info>('Authorize', { idToken, ...rest })

t.test('2.0.1 Authorize: a token is worth what is known of it', async (t) => {
  const station = await world.station()
  const expiresAt = NOW + 3_600_000
  await world.putToken('GOOD', { expiresAt, groupId: 'FAMILY' })
  await world.putToken('BLOCKED', { isBlocked: true })
  await world.putToken('EXPIRED', { expiresAt: NOW - 1 })
  t.same(await ask(station, { idToken: 'good', type: 'ISO14443' }), {
    idTokenInfo: {
      status: 'Accepted',
      cacheExpiryDateTime: '2026-04-06T11:00:00.000Z',
      groupIdToken: { idToken: 'FAMILY', type: 'Central' },
    },
  })
  const statusOf = async (idToken: string, type = 'ISO15693') =>
    (await ask(station, { idToken, type })).idTokenInfo.status
  t.equal(await statusOf('BLOCKED'), 'Blocked', 'TC_C_06')
  t.equal(await statusOf('EXPIRED'), 'Expired', 'TC_C_07')
  t.equal(await statusOf('NOBODY'), 'Unknown', 'TC_C_02')
  t.equal(await statusOf('', 'NoAuthorization'), 'Accepted', 'a button was pressed')
  t.equal(await statusOf('our-own', 'Central'), 'Accepted', 'we have made it for a remote start')
  t.equal(await statusOf('BLOCKED', 'Central'), 'Blocked')
  const tooLong = { idToken: { idToken: 'x'.repeat(37), type: 'Central' } }
  t.match(faultOf('Request', 'Authorize', tooLong), /^property/)
})

t.test('2.0.1 Authorize: a contract certificate that nobody can check opens nothing', async (t) => {
  const station = await world.station()
  await world.putToken('DE-ABC-C12345678-X')
  const emaid = { idToken: 'DE-ABC-C12345678-X', type: 'eMAID' }
  t.same(await ask(station, emaid, { certificate: '-----BEGIN CERTIFICATE-----' }), {
    idTokenInfo: { status: 'Invalid' },
    certificateStatus: 'NoCertificateAvailable',
  })
  t.match(await ask(station, emaid), { idTokenInfo: { status: 'Accepted' } })
})
