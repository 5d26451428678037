import t from 'tap'
import { createIdentity } from '../../../simulators/charge-points/identity.ts'
import { until } from '../../helpers/until.ts'
import { FUTURE, PAST, PEM } from './command-case.ts'
import { startRemotely, startStation, VERSIONS } from './stations.ts'
import { startCsms } from './stub-csms.ts'

t.test('1.6: remote start and stop really start and stop', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url)
  await until(() => station.isOnline)
  const request = { connectorId: 2, idTag: 'REMOTE' }
  t.same(await csms.ask(id, 'RemoteStartTransaction', request), { status: 'Accepted' })
  const start = await csms.waitFor(id, 'StartTransaction')
  t.match(start.payload, request)
  t.equal(csms.of(id, 'Authorize').length, 0, 'AuthorizeRemoteTxRequests is false')
  t.same(await csms.ask(id, 'RemoteStartTransaction', request), { status: 'Rejected' }, 'occupied')
  await until(() => station.findTransaction(101))
  t.same(await csms.ask(id, 'RemoteStopTransaction', { transactionId: 999 }), {
    status: 'Rejected',
  })
  t.same(await csms.ask(id, 'RemoteStopTransaction', { transactionId: 101 }), {
    status: 'Accepted',
  })
  const stop = await csms.waitFor(id, 'StopTransaction')
  t.match(stop.payload, { transactionId: 101, reason: 'Remote' })
  await csms.waitFor(id, 'StatusNotification', (p) => p.status === 'Finishing')
  t.same(csms.faults, [])
})

t.test('1.6: a remote start is authorised if the station is told to', async (t) => {
  const csms = await startCsms(t)
  csms.answer('Authorize', () => ({ idTagInfo: { status: 'Blocked' } }))
  const { id, station, counts } = startStation(t, csms.url)
  await until(() => station.isOnline)
  const change = { key: 'AuthorizeRemoteTxRequests', value: 'true' }
  t.same(await csms.ask(id, 'ChangeConfiguration', change), { status: 'Accepted' })
  await csms.ask(id, 'RemoteStartTransaction', { connectorId: 1, idTag: 'REMOTE' })
  await csms.waitFor(id, 'Authorize', (p) => p.idTag === 'REMOTE')
  await until(() => station.evses[0]?.isFreeFor('OTHER'))
  t.equal(counts.sessionsStarted, 0)
})

t.test('2.0.1: remote start and stop, told with their ids', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url, { protocol: 'ocpp2.0.1' })
  await until(() => station.isOnline)
  const idToken = { idToken: 'REMOTE', type: 'Central' }
  const request = { evseId: 1, remoteStartId: 77, idToken }
  t.match(await csms.ask(id, 'RequestStartTransaction', request), { status: 'Accepted' })
  const started = await csms.waitFor(id, 'TransactionEvent')
  t.match(started.payload, {
    eventType: 'Started',
    triggerReason: 'RemoteStart',
    idToken,
    transactionInfo: { remoteStartId: 77 },
  })
  const { transactionId } = started.payload.transactionInfo
  t.match(await csms.ask(id, 'GetTransactionStatus', { transactionId }), { ongoingIndicator: true })
  t.match(await csms.ask(id, 'RequestStopTransaction', { transactionId }), { status: 'Accepted' })
  const { payload } = await csms.waitFor(id, 'TransactionEvent', (p) => p.eventType === 'Ended')
  t.match(payload, { triggerReason: 'RemoteStop', transactionInfo: { stoppedReason: 'Remote' } })
  t.match(await csms.ask(id, 'GetTransactionStatus', { transactionId }), {
    ongoingIndicator: false,
  })
  t.same(csms.faults, [])
})

for (const protocol of VERSIONS) {
  const is16 = protocol === 'ocpp1.6'

  t.test(`${protocol}: a reset ends what runs, reboots, and reports anew`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol })
    await until(() => station.isOnline)
    await startRemotely(csms, id, protocol)
    await until(() => station.charging === 1 && station.queue.size === 0)
    const answer = await csms.ask(id, 'Reset', { type: is16 ? 'Hard' : 'Immediate' })
    t.match(answer, { status: 'Accepted' })
    const stopped = is16
      ? await csms.waitFor(id, 'StopTransaction')
      : await csms.waitFor(id, 'TransactionEvent', (p) => p.eventType === 'Ended')
    t.match(
      stopped.payload,
      is16 ? { reason: 'HardReset' } : { transactionInfo: { stoppedReason: 'ImmediateReset' } },
    )
    await until(() => csms.of(id, 'BootNotification').length === 2 && station.isOnline)
    const [, boot] = csms.of(id, 'BootNotification')
    t.equal(boot?.connection, 2)
    if (!is16) t.equal(boot?.payload.reason, 'RemoteReset')
    await until(
      () =>
        csms.of(id, 'StatusNotification').filter(({ connection }) => connection === 2).length >= 2,
    )
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: new firmware, step by step, and a restart with it`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol, speed: 2000 })
    await until(() => station.isOnline)
    const location = 'https://firmware.example.com/2.bin'
    const firmware = {
      location,
      retrieveDateTime: PAST,
      signingCertificate: PEM,
      signature: 'c2ln',
    }
    if (is16) {
      await csms.ask(id, 'UpdateFirmware', { location, retrieveDate: PAST })
      await csms.waitFor(id, 'FirmwareStatusNotification', (p) => p.status === 'Installed')
      t.same(statuses('FirmwareStatusNotification'), [
        ...['Downloading', 'Downloaded', 'Installing', 'Installed'],
      ])
      await csms.ask(id, 'SignedUpdateFirmware', { requestId: 5, firmware })
    } else {
      t.match(await csms.ask(id, 'UpdateFirmware', { requestId: 5, firmware }), {
        status: 'Accepted',
      })
    }
    const action = is16 ? 'SignedFirmwareStatusNotification' : 'FirmwareStatusNotification'
    await csms.waitFor(id, action, (p) => p.status === 'Installed')
    t.same(statuses(action), [
      ...['Downloading', 'Downloaded', 'SignatureVerified', 'Installing'],
      ...['InstallRebooting', 'Installed'],
    ])
    t.ok(csms.of(id, action).every(({ payload }) => payload.requestId === 5))
    const boot = csms.of(id, 'BootNotification').at(-1)?.payload
    t.not(boot.firmwareVersion ?? boot.chargingStation.firmwareVersion, '1.4.2')
    t.same(csms.faults, [])

    function statuses(action: string) {
      return csms.of(id, action).map(({ payload }) => payload.status)
    }
  })

  t.test(`${protocol}: logs are uploaded, or not`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol, speed: 2000 })
    await until(() => station.isOnline)
    const log = (remoteLocation: string, requestId: number) =>
      csms.ask(id, 'GetLog', { logType: 'SecurityLog', requestId, log: { remoteLocation } })
    t.match(await log('https://logs.example.com/', 8), { status: 'Accepted' })
    await csms.waitFor(id, 'LogStatusNotification', (p) => p.status === 'Uploaded')
    await log('nowhere', 9)
    await csms.waitFor(id, 'LogStatusNotification', (p) => p.status === 'UploadFailure')
    t.same(
      csms
        .of(id, 'LogStatusNotification')
        .map(({ payload }) => [payload.requestId, payload.status]),
      [
        [8, 'Uploading'],
        [8, 'Uploaded'],
        [9, 'Uploading'],
        [9, 'UploadFailure'],
      ],
    )
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: out of service and back`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol })
    await until(() => station.isOnline)
    const change = (isOperative: boolean) => {
      const type = isOperative ? 'Operative' : 'Inoperative'
      return is16
        ? csms.ask(id, 'ChangeAvailability', { connectorId: 1, type })
        : csms.ask(id, 'ChangeAvailability', { evse: { id: 1 }, operationalStatus: type })
    }
    t.match(await change(false), { status: 'Accepted' })
    const isState = (state: string) => (p: any) =>
      (p.connectorId === 1 || p.evseId === 1) && (p.status ?? p.connectorStatus) === state
    await csms.waitFor(id, 'StatusNotification', isState('Unavailable'))
    t.match(await startRemotely(csms, id, protocol), { status: 'Rejected' })
    t.match(await change(true), { status: 'Accepted' })
    t.match(await startRemotely(csms, id, protocol), { status: 'Accepted' })
    await until(() => station.charging === 1)
    t.match(await change(false), { status: 'Scheduled' })
    station.evses[0]?.stop('local')
    await until(() => station.evses[0]?.state === 'Unavailable')
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: a limit holds from the next moment on`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol })
    await until(() => station.isOnline)
    await startRemotely(csms, id, protocol)
    const [evse] = station.evses
    await until(() => (evse?.powerW ?? 0) > 5000)
    const limit = (watts: number) => setLimit(csms, id, evse?.transaction?.id, is16, watts)
    t.match(await limit(3000), { status: 'Accepted' })
    await until(() => evse?.powerW === 3000)
    t.match(await limit(0), { status: 'Accepted' })
    await until(() => evse?.state === 'SuspendedEVSE')
    t.equal(evse?.powerW, 0)
    const place = is16 ? { connectorId: 1 } : { evseId: 1 }
    const { chargingSchedule, schedule } = await csms.ask(id, 'GetCompositeSchedule', {
      ...place,
      duration: 60,
    })
    t.same((chargingSchedule ?? schedule).chargingSchedulePeriod, [{ startPeriod: 0, limit: 0 }])
    t.match(await csms.ask(id, 'ClearChargingProfile', {}), { status: 'Accepted' })
    await until(() => evse?.state === 'Charging')
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: a new password is used at once`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, {
      protocol,
      password: 'first-password-of-it',
    })
    await until(() => station.isOnline)
    const key = '0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF'
    const answer = is16
      ? await csms.ask(id, 'ChangeConfiguration', { key: 'AuthorizationKey', value: key })
      : await csms.ask(id, 'SetVariables', {
          setVariableData: [
            {
              component: { name: 'SecurityCtrlr' },
              variable: { name: 'BasicAuthPassword' },
              attributeValue: key,
            },
          ],
        })
    t.match(JSON.stringify(answer), /"Accepted"/)
    await until(() => csms.client(id).number === 2 && station.isOnline)
    const bytes = is16 ? Buffer.from(key, 'hex') : Buffer.from(key)
    const expected = Buffer.concat([Buffer.from(`${id}:`), bytes]).toString('base64')
    t.equal(csms.client(id).authorization, `Basic ${expected}`)
  })
}

t.test('1.6: meters are read by the clock, and it pings, if it is told to', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url)
  await until(() => station.isOnline)
  let pings = 0
  csms.client(id).socket.on('ping', () => {
    pings++
  })
  for (const key of ['ClockAlignedDataInterval', 'WebSocketPingInterval']) {
    t.match(await csms.ask(id, 'ChangeConfiguration', { key, value: '1' }), { status: 'Accepted' })
  }
  const { payload } = await csms.waitFor(id, 'MeterValues')
  t.equal(payload.meterValue[0].sampledValue[0].context, 'Sample.Clock')
  t.equal(payload.transactionId, undefined)
  await until(() => pings > 0)
  await startRemotely(csms, id, 'ocpp1.6')
  await csms.waitFor(id, 'MeterValues', isByClockIn(101))
  t.same(csms.faults, [])

  function isByClockIn(transactionId: number) {
    return (p: any) =>
      p.transactionId === transactionId &&
      p.meterValue[0].sampledValue[0].context === 'Sample.Clock'
  }
})

t.test('1.6: the example of the security whitepaper', async (t) => {
  const csms = await startCsms(t)
  const { station } = startStation(t, csms.url, {
    identity: { ...createIdentity('1', 'CP-', 0), id: 'AL1000' },
    password: '0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF',
  })
  await until(() => station.isOnline)
  t.equal(csms.client('AL1000').authorization, 'Basic QUwxMDAwOgABAgMEBQYH////////////////')
})

t.test('2.0.1: whoever is of the group may use what is reserved for it', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url, { protocol: 'ocpp2.0.1' })
  await until(() => station.isOnline)
  const card = (idToken: string) => ({ idToken, type: 'Central' })
  const group = { groupIdToken: card('FAMILY'), evseId: 1 }
  const reservation = { id: 5, expiryDateTime: FUTURE, idToken: card('MOTHER'), ...group }
  t.match(await csms.ask(id, 'ReserveNow', reservation), { status: 'Accepted' })
  const start = { remoteStartId: 1, idToken: card('CHILD'), ...group }
  t.match(await csms.ask(id, 'RequestStartTransaction', start), { status: 'Accepted' })
  const { payload } = await csms.waitFor(id, 'TransactionEvent')
  t.match(payload, { eventType: 'Started', reservationId: 5, idToken: card('CHILD') })
  t.same(csms.faults, [])
})

t.test('2.0.1: a reset when idle waits for the last car', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url, { protocol: 'ocpp2.0.1' })
  await until(() => station.isOnline)
  await startRemotely(csms, id, 'ocpp2.0.1')
  await until(() => station.charging === 1)
  t.match(await csms.ask(id, 'Reset', { type: 'OnIdle' }), { status: 'Scheduled' })
  station.evses[0]?.stop('local')
  await until(() => csms.of(id, 'BootNotification').length === 2)
})

t.test('2.0.1: the inventory comes in parts', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url, { protocol: 'ocpp2.0.1' })
  await until(() => station.isOnline)
  const request = { requestId: 3, reportBase: 'FullInventory' }
  t.match(await csms.ask(id, 'GetBaseReport', request), { status: 'Accepted' })
  await csms.waitFor(id, 'NotifyReport', (p) => p.tbc === false)
  const parts = csms.of(id, 'NotifyReport').map(({ payload }) => payload)
  t.ok(parts.length > 1)
  t.same(
    parts.map(({ seqNo, tbc }) => [seqNo, tbc]),
    parts.map((_, index) => [index, index < parts.length - 1]),
  )
  const data = parts.flatMap(({ reportData }) => reportData)
  const password = data.find(({ variable }) => variable.name === 'BasicAuthPassword')
  t.match(password.variableAttribute, [{ mutability: 'WriteOnly', value: undefined }])
  t.same(csms.faults, [])
})

function setLimit(
  csms: any,
  id: string,
  transactionId: string | undefined,
  is16: boolean,
  limit: number,
): Promise<any> {
  const common = {
    stackLevel: 1,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Relative',
  }
  const chargingSchedule = {
    chargingRateUnit: 'W',
    chargingSchedulePeriod: [{ startPeriod: 0, limit }],
  }
  return is16
    ? csms.ask(id, 'SetChargingProfile', {
        connectorId: 1,
        csChargingProfiles: { ...common, chargingProfileId: 1, chargingSchedule },
      })
    : csms.ask(id, 'SetChargingProfile', {
        evseId: 1,
        chargingProfile: {
          ...common,
          id: 1,
          transactionId,
          chargingSchedule: [{ id: 1, ...chargingSchedule }],
        },
      })
}
