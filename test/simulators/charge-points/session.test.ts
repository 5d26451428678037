import t from 'tap'
import { until } from '../../helpers/until.ts'
import { startRemotely, startStation, VERSIONS } from './stations.ts'
import { startCsms } from './stub-csms.ts'

const BUSY = { sessionsPerHour: 60, faultRate: 0, offlineRate: 0 }

t.test('1.6: boots, reports, charges from card to unplugging', async (t) => {
  const csms = await startCsms(t)
  const { id, counts } = startStation(t, csms.url, { rates: BUSY, speed: 1000 })
  const stop = await csms.waitFor(id, 'StopTransaction')
  const { transactionId } = stop.payload
  const start = csms.of(id, 'StartTransaction')[transactionId - 101]
  const place = start?.payload.connectorId
  await until(() => csms.of(id, 'StatusNotification').some(isAvailableAfter(stop)))
  t.same(csms.faults, [])

  const [boot, ...others] = csms.received
  t.equal(boot?.action, 'BootNotification')
  t.same(
    others.slice(0, 3).map(({ payload }) => [payload.connectorId, payload.status]),
    [
      [0, 'Available'],
      [1, 'Available'],
      [2, 'Available'],
    ],
  )
  t.same(
    csms
      .of(id, 'StatusNotification')
      .filter(({ payload }) => payload.connectorId === place)
      .map(({ payload }) => payload.status)
      .slice(0, 6)
      .filter((status) => status !== 'SuspendedEV'),
    ['Available', 'Preparing', 'Charging', 'Finishing', 'Available'],
  )
  t.ok(csms.of(id, 'Authorize').some(({ payload }) => payload.idTag === start?.payload.idTag))

  const values = csms
    .of(id, 'MeterValues')
    .filter(({ payload }) => payload.transactionId === transactionId)
    .map(({ payload }) => readSamples(payload.meterValue[0].sampledValue))
  t.ok(values.length > 3)
  const energy = values.map((value) => value['Energy.Active.Import.Register'] ?? 0)
  t.ok(isAscending([start?.payload.meterStart, ...energy, stop.payload.meterStop]), `${energy}`)
  t.ok(isAscending(values.map((value) => value['SoC'] ?? 0)))
  const [first] = values
  t.ok((first?.['Power.Active.Import'] ?? 0) > 1000)
  t.equal(counts.callErrors, 0)

  function isAvailableAfter(stop: unknown) {
    return (call: (typeof csms.received)[number]) =>
      csms.received.indexOf(call) > csms.received.indexOf(stop as typeof call) &&
      call.payload.connectorId === place &&
      call.payload.status === 'Available'
  }
})

t.test('2.0.1: one transaction, its events in order', async (t) => {
  const csms = await startCsms(t)
  const { id } = startStation(t, csms.url, { protocol: 'ocpp2.0.1', rates: BUSY, speed: 1000 })
  const ended = await csms.waitFor(id, 'TransactionEvent', ({ eventType }) => eventType === 'Ended')
  t.same(csms.faults, [])
  const { transactionId } = ended.payload.transactionInfo
  const events = csms
    .of(id, 'TransactionEvent')
    .map(({ payload }) => payload)
    .filter(({ transactionInfo }) => transactionInfo.transactionId === transactionId)
  t.same(
    events.map(({ seqNo }) => seqNo),
    events.map((_, index) => index),
  )
  t.equal(events[0].eventType, 'Started')
  t.match(events[0].triggerReason, /^(Authorized|CablePluggedIn)$/)
  t.match(events[0], { idToken: { idToken: /^CARD-/ }, evse: { connectorId: 1 }, offline: false })
  t.match(events[1], {
    triggerReason: 'ChargingStateChanged',
    transactionInfo: { chargingState: 'Charging' },
  })
  const periodic = events.filter(({ triggerReason }) => triggerReason === 'MeterValuePeriodic')
  t.ok(periodic.length > 3)
  t.ok(
    isAscending(
      periodic.map(({ meterValue }) => {
        const [sample] = meterValue[0].sampledValue
        return sample.value
      }),
    ),
  )
  t.match(events.at(-1), { transactionInfo: { stoppedReason: /^(Local|EVDisconnected)$/ } })
  t.same(
    csms
      .of(id, 'StatusNotification')
      .slice(0, 2)
      .map(({ payload }) => payload.connectorStatus),
    ['Available', 'Available'],
  )
  await csms.waitFor(id, 'SecurityEventNotification', ({ type }) => type === 'StartupOfTheDevice')
})

for (const protocol of VERSIONS) {
  t.test(`${protocol}: a token that is refused does not charge`, async (t) => {
    const csms = await startCsms(t)
    csms.answer('Authorize', ({ idTag }) =>
      idTag === undefined
        ? { idTokenInfo: { status: 'Blocked' } }
        : { idTagInfo: { status: 'Blocked' } },
    )
    const { id, counts } = startStation(t, csms.url, { protocol, rates: BUSY, speed: 1000 })
    await until(() => csms.of(id, 'Authorize').length > 3)
    t.equal(counts.sessionsStarted, 0)
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: a transaction whose token is refused ends`, async (t) => {
    const csms = await startCsms(t)
    csms.answer('StartTransaction', () => ({ transactionId: 7, idTagInfo: { status: 'Invalid' } }))
    csms.answer('TransactionEvent', ({ eventType }) =>
      eventType === 'Started' ? { idTokenInfo: { status: 'Invalid' } } : {},
    )
    const { id } = startStation(t, csms.url, { protocol, rates: BUSY })
    if (protocol === 'ocpp1.6') {
      const { payload } = await csms.waitFor(id, 'StopTransaction')
      t.match(payload, { transactionId: 7, reason: 'DeAuthorized' })
    } else {
      const { payload } = await csms.waitFor(id, 'TransactionEvent', (p) => p.eventType === 'Ended')
      t.match(payload, {
        triggerReason: 'Deauthorized',
        transactionInfo: { stoppedReason: 'DeAuthorized' },
      })
    }
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: a fault ends the session, is told, and passes`, async (t) => {
    const csms = await startCsms(t)
    const rates = { ...BUSY, faultRate: 1 }
    const { id } = startStation(t, csms.url, { protocol, rates, speed: 2000 })
    const isFaulted = (p: any) => p.status === 'Faulted' || p.connectorStatus === 'Faulted'
    const fault = await csms.waitFor(id, 'StatusNotification', isFaulted)
    if (protocol === 'ocpp1.6') t.not(fault.payload.errorCode, 'NoError')
    else await csms.waitFor(id, 'NotifyEvent', (p) => p.eventData[0].techCode !== undefined)
    await until(() =>
      csms
        .of(id, 'StatusNotification')
        .some(
          (call) =>
            csms.received.indexOf(call) > csms.received.indexOf(fault) &&
            (call.payload.status ?? call.payload.connectorStatus) === 'Available',
        ),
    )
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: put off in the middle of it, a transaction goes on`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol, rates: BUSY, evseCount: 1 })
    await until(() => station.charging === 1)
    const running = station.evses[0]?.transaction
    let boots = 0
    csms.answer('BootNotification', () => ({
      status: ++boots === 1 ? 'Pending' : 'Accepted',
      currentTime: new Date().toISOString(),
      interval: 1,
    }))
    await csms.ask(id, 'TriggerMessage', { requestedMessage: 'BootNotification' })
    await until(() => boots === 2 && station.isOnline)
    t.equal(station.evses[0]?.transaction, running)
    await until(() => station.evses[0]?.transaction !== running, { what: 'the end' })
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: a station that is to stop starts nothing more`, async (t) => {
    const csms = await startCsms(t)
    const { id, station, counts } = startStation(t, csms.url, { protocol })
    await until(() => station.isOnline)
    await startRemotely(csms, id, protocol)
    await until(() => station.charging === 1 && station.queue.size === 0)
    const action = protocol === 'ocpp1.6' ? 'StopTransaction' : 'TransactionEvent'
    csms.answer(action, () => 'silence')
    const stopped = station.stop(1000)
    t.match(await startRemotely(csms, id, protocol), { status: 'Rejected' })
    await stopped
    t.equal(counts.sessionsStarted, 1)
    t.same(csms.faults, [])
  })
}

function readSamples(samples: { measurand: string; value: string }[]): Record<string, number> {
  return Object.fromEntries(samples.map(({ measurand, value }) => [measurand, Number(value)]))
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))
}
