import t from 'tap'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { ActionTable } from '../../src/ocpp/action.ts'
import { actions16 } from '../../src/ocpp/v16/actions.ts'
import { actions201 } from '../../src/ocpp/v201/actions.ts'
import {
  countOf,
  type GatewaySetup,
  STUB_16,
  startGateway,
  type TestGateway,
} from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// What a charge point keeps until it is answered, while the store is away: an error would cost it one of
// its few attempts, after which it drops the message.

const AWAY = new FleetgridError('unavailable', 'the database is away')
const CALL = [2, 'a', 'MeterValues', { connectorId: 1, meterValue: [] }]

/** MeterValues waits for the store; StatusNotification doesn't. */
function withStore(store: () => Promise<void>): NonNullable<GatewaySetup['actions']> {
  const handle = async (): Promise<object> => {
    await store()
    return {}
  }
  const guaranteed = { from: { isGuaranteed: true, handle } }
  const table = { ...STUB_16, MeterValues: guaranteed, StatusNotification: { from: { handle } } }
  return { '1.6': table }
}

const calls = (test: TestGateway, outcome: string) =>
  countOf(test, 'fleetgrid_ocpp_calls_total', { action: 'MeterValues', outcome })

t.test('while the store is away it waits, and is answered when it is back', async (t) => {
  let failures = 3
  const actions = withStore(async () => {
    failures -= 1
    if (failures >= 0) throw AWAY
  })
  const test = await startGateway(t, { actions })
  const station = await test.connect('CP1')
  t.strictSame(await station.ask(CALL), [3, 'a', {}])
  t.equal(failures, -1)
  const waits = test.logLines.filter(({ msg }) => msg === 'call waits to be stored')
  t.match(waits, [{ chargePoint: 'CP1', action: 'MeterValues', reason: AWAY.message, level: 40 }])
  t.equal(await calls(test, 'answered'), 1)
  failures = 1
  const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' }
  const error = await station.ask([2, 'b', 'StatusNotification', status])
  t.match(error, [4, 'b', 'InternalError'], 'it is told again by nobody')
})

t.test('not in time: no answer, its connection ends, and offline it keeps it', async (t) => {
  const actions = withStore(() => Promise.reject(AWAY))
  const test = await startGateway(t, { actions, options: { guaranteedWithinMs: 50 } })
  const station = await test.connect('CP1')
  station.send(CALL)
  station.send([2, 'b', 'Heartbeat', {}])
  t.match(await station.closed, { code: 1011, reason: /stored/ })
  t.strictSame(station.unread, [])
  t.equal(await calls(test, 'unanswered'), 1)
  const ends = { cause: 'not-stored' }
  await until(async () => (await countOf(test, 'fleetgrid_ocpp_disconnects_total', ends)) === 1)
})

t.test('a store that hangs is no reason to wait longer', async (t) => {
  let attempts = 0
  const actions = withStore(async () => {
    attempts += 1
    if (attempts === 1) throw AWAY
    await new Promise(() => {})
  })
  const test = await startGateway(t, { actions, options: { guaranteedWithinMs: 500 } })
  const station = await test.connect('CP1')
  station.send(CALL)
  t.match(await station.closed, { code: 1011 })
  t.equal(attempts, 2)
})

t.test('told again under the same id while it waits: one answer, no error', async (t) => {
  const { promise: back, resolve } = Promise.withResolvers<void>()
  const test = await startGateway(t, { actions: withStore(() => back) })
  const station = await test.connect('CP1')
  for (let time = 0; time < 3; time += 1) station.send(CALL)
  const repeated = () => countOf(test, 'fleetgrid_ocpp_faults_total', { fault: 'repeated-id' })
  await until(async () => (await repeated()) === 2)
  resolve()
  t.strictSame(await station.next(), [3, 'a', {}])
  t.match(await station.ask([2, 'b', 'Heartbeat', {}]), [3, 'b'])
  t.strictSame(station.unread, [])
})

t.test('a bug is no outage', async (t) => {
  const test = await startGateway(t, { actions: withStore(() => Promise.reject(new Error('x'))) })
  const station = await test.connect('CP1')
  t.match(await station.ask(CALL), [4, 'a', 'InternalError'])
})

t.test('nobody waits for a charge point that is gone, nor does a stop', async (t) => {
  const test = await startGateway(t, { actions: withStore(() => Promise.reject(AWAY)) })
  const [gone, here] = [await test.connect('GONE'), await test.connect('HERE')]
  for (const station of [gone, here]) station.send(CALL)
  const waiting = () => test.logLines.filter(({ msg }) => msg === 'call waits to be stored').length
  await until(() => waiting() > 0)
  gone.socket.terminate()
  await until(async () => (await calls(test, 'unanswered')) === 1)
  await test.gateway.drain(0)
  await until(async () => (await calls(test, 'unanswered')) === 2)
  t.strictSame(here.unread, [])
})

t.test('which these are', async (t) => {
  const guaranteed = (table: ActionTable) =>
    Object.keys(table).filter((name) => table[name]?.from?.isGuaranteed === true)
  t.strictSame(guaranteed(actions16).toSorted(), [
    ...['MeterValues', 'SecurityEventNotification', 'StartTransaction', 'StopTransaction'],
  ])
  t.strictSame(guaranteed(actions201).toSorted(), [
    ...['SecurityEventNotification', 'TransactionEvent'],
  ])
})
