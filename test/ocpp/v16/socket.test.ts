import t, { type Test } from 'tap'
import type { ChargePointSession, ExecutionResult } from '../../../src/charging/session.ts'
import type { Registration } from '../../../src/domain/charge-point.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { ActionTable, InboundCall } from '../../../src/ocpp/action.ts'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'
import { createChargingWorld } from '../../helpers/charging-world.ts'
import { type Station, startGateway } from '../../helpers/ocpp.ts'
import { CASES } from './command-cases.ts'

// Every action of 1.6 over a real socket, on the real services and stores.

const world = await createChargingWorld(t, { vendorIds: ['com.example'] })
const AT = '2026-04-06T09:59:30.000Z'
const UID = '04A2B3C4D5E680'
await world.putToken(UID, { concurrentMax: 1000 })

/** The table, on the services of this file. */
const actions: ActionTable = Object.fromEntries(
  Object.entries(actions16).map(([name, row]) => {
    const { from } = row
    if (from === undefined) return [name, row]
    const handle = (call: InboundCall<never>) => from.handle({ ...call, services: world.services })
    return [name, { ...row, from: { ...from, handle } }]
  }),
)

let epoch = 0

async function setUp(t: Test, registration: Registration = 'accepted') {
  const session = await world.connect('1.6', registration)
  const admit = async () => {
    epoch += 1
    return { session: { ...session, epoch } as ChargePointSession }
  }
  const { gateway, connect } = await startGateway(t, { actions: { '1.6': actions }, admit })
  const station = await connect(session.id)
  return {
    id: session.id,
    station,
    connectAgain: () => connect(session.id),
    /** As an operator's command comes to it. */
    execute: async (kind: string, parameters: JsonObject): Promise<ExecutionResult> =>
      gateway.connections.get(session.id)?.execute(kind, parameters) ??
      Promise.reject(new Error('not connected')),
  }
}

let calls = 0

async function call(station: Station, action: string, payload: object): Promise<any> {
  calls += 1
  const [kind, id, ...rest] = await station.ask([2, `c${calls}`, action, payload])
  if (id !== `c${calls}`) throw new Error(`an answer to ${id}`)
  return kind === 3 ? rest[0] : { error: rest[0] }
}

const start = { connectorId: 1, idTag: UID, meterStart: 0, timestamp: AT }

const INBOUND: Readonly<Record<string, { request: object; answer: object; wrong: object }>> = {
  Authorize: {
    request: { idTag: UID },
    answer: { idTagInfo: { status: 'Accepted' } },
    wrong: {},
  },
  BootNotification: {
    request: { chargePointVendor: 'Example', chargePointModel: 'Wallbox 3' },
    answer: { status: 'Accepted', interval: 300 },
    wrong: { chargePointVendor: 'Example' },
  },
  DataTransfer: {
    request: { vendorId: 'com.example', data: 'x' },
    answer: { status: 'Accepted' },
    wrong: { data: 'x' },
  },
  DiagnosticsStatusNotification: { request: { status: 'Idle' }, answer: {}, wrong: {} },
  FirmwareStatusNotification: { request: { status: 'Idle' }, answer: {}, wrong: {} },
  Heartbeat: { request: {}, answer: { currentTime: String }, wrong: { extra: true } },
  LogStatusNotification: { request: { status: 'Idle' }, answer: {}, wrong: {} },
  MeterValues: {
    request: { connectorId: 1, meterValue: [{ timestamp: AT, sampledValue: [{ value: '1' }] }] },
    answer: {},
    wrong: { connectorId: 1 },
  },
  SecurityEventNotification: {
    request: { type: 'SettingSystemTime', timestamp: AT },
    answer: {},
    wrong: { type: 'SettingSystemTime' },
  },
  SignCertificate: { request: { csr: 'PEM' }, answer: { status: 'Rejected' }, wrong: {} },
  SignedFirmwareStatusNotification: {
    request: { status: 'Idle', requestId: 1 },
    answer: {},
    wrong: {},
  },
  StartTransaction: {
    request: start,
    answer: { transactionId: Number, idTagInfo: { status: 'Accepted' } },
    wrong: { ...start, idTag: undefined },
  },
  StatusNotification: {
    request: { connectorId: 1, errorCode: 'NoError', status: 'Available' },
    answer: {},
    wrong: { connectorId: 1, errorCode: 'NoError' },
  },
  StopTransaction: {
    request: { transactionId: 1, meterStop: 1, timestamp: AT },
    answer: {},
    wrong: { transactionId: 1, meterStop: 1 },
  },
}

t.test('every action has its case here', async (t) => {
  const rows = Object.entries(actions16)
  const of = (side: 'from' | 'to') => rows.flatMap(([name, row]) => (row[side] ? name : []))
  t.strictSame(Object.keys(INBOUND).toSorted(), of('from').toSorted())
  t.strictSame(Object.keys(CASES).toSorted(), of('to').toSorted())
})

t.test('1.6 from *: over a socket, right and wrong', async (t) => {
  const { station } = await setUp(t)
  for (const [action, { request, answer, wrong }] of Object.entries(INBOUND)) {
    t.match(await call(station, action, request), answer, action)
    const code = action === 'Heartbeat' ? 'FormationViolation' : 'OccurenceConstraintViolation'
    t.strictSame(await call(station, action, wrong), { error: code }, `${action} of a wrong shape`)
  }
})

t.test('1.6 to *: over a socket, said, answered and refused', async (t) => {
  const { station, execute } = await setUp(t)
  for (const [action, { kind, parameters, request, unsayable = [] }] of Object.entries(CASES)) {
    const execution = execute(kind, parameters)
    const [type, id, name, payload] = await station.next()
    t.strictSame([type, name, payload], [2, action, request])
    const answer = ANSWERS[action] ?? { status: 'Accepted' }
    station.send([3, id, answer])
    t.strictSame(await execution, { state: 'accepted', answer }, action)
    for (const [wrong, reason] of unsayable) {
      t.match(await execute(kind, wrong), { state: 'failed', reason }, `${action} is not sent`)
    }
  }
  t.strictSame(station.unread, [])
})

/** Of those that don't say Accepted. */
const ANSWERS: Readonly<Record<string, object>> = {
  GetConfiguration: { configurationKey: [{ key: 'A', readonly: false, value: '1' }] },
  GetDiagnostics: { fileName: 'd.zip' },
  GetLocalListVersion: { listVersion: 3 },
  UnlockConnector: { status: 'Unlocked' },
  UpdateFirmware: {},
}

t.test('1.6 over a socket: a session from boot to stop, started by an operator', async (t) => {
  const { id, station, execute } = await setUp(t)
  const status = (status: string) =>
    call(station, 'StatusNotification', { connectorId: 1, errorCode: 'NoError', status })
  await call(station, 'BootNotification', INBOUND['BootNotification']?.request ?? {})
  await status('Preparing')
  const execution = execute('start-charging', { evseId: 1, tokenUid: UID })
  const [, startId, , request] = await station.next()
  t.strictSame(request, { connectorId: 1, idTag: UID })
  // It asks before it answers: the two directions don't wait for each other.
  t.match(await call(station, 'Authorize', { idTag: UID }), { idTagInfo: { status: 'Accepted' } })
  station.send([3, startId, { status: 'Accepted' }])
  t.match(await execution, { state: 'accepted' })
  const { transactionId } = await call(station, 'StartTransaction', start)
  await status('Charging')
  const sampledValue = [{ value: '2.5', unit: 'kWh' }]
  const meterValue = [{ timestamp: '2026-04-06T09:59:40Z', sampledValue }]
  await call(station, 'MeterValues', { connectorId: 1, transactionId, meterValue })
  const running = await world.stores.transactions.find(`${id}/${transactionId}`)
  t.match(running, { meterWh: 2500, stoppedAt: undefined })
  const stopped = execute('stop-charging', { transactionId: `${id}/${transactionId}` })
  const [, stopId, , stopRequest] = await station.next()
  t.strictSame(stopRequest, { transactionId })
  station.send([3, stopId, { status: 'Accepted' }])
  await stopped
  const timestamp = '2026-04-06T10:00:00Z'
  const stop = { transactionId, idTag: UID, meterStop: 2600, timestamp, reason: 'Remote' }
  t.match(await call(station, 'StopTransaction', stop), { idTagInfo: { status: 'Accepted' } })
  const over = await world.stores.transactions.find(`${id}/${transactionId}`)
  t.match(over, { meterStartWh: 0, meterWh: 2600, meterStopWh: 2600, stopReason: 'Remote' })
  t.match(await world.stores.chargePoints.connectors(id), [{ evseId: 1, state: 'Charging' }])
})

t.test('1.6 over a socket: a start told again by another connection is the same', async (t) => {
  const { station, connectAgain } = await setUp(t)
  const first = await call(station, 'StartTransaction', start)
  const later = await connectAgain()
  t.strictSame(await call(later, 'StartTransaction', start), first)
})

t.test('1.6 over a socket: who is pending boots only, and starts nothing', async (t) => {
  const { id, station, execute } = await setUp(t, 'pending')
  t.strictSame(await call(station, 'Heartbeat', {}), { error: 'SecurityError' })
  t.match(await execute('start-charging', { tokenUid: UID }), { state: 'failed' })
  const asked = execute('trigger-message', { message: 'boot' })
  const [, triggerId, name] = await station.next()
  t.equal(name, 'TriggerMessage', 'other calls are allowed')
  station.send([3, triggerId, { status: 'Accepted' }])
  await asked
  await world.stores.chargePoints.change(id, { registration: 'accepted' })
  const boot = INBOUND['BootNotification']?.request ?? {}
  t.match(await call(station, 'BootNotification', boot), { status: 'Accepted' })
  t.match(await call(station, 'Heartbeat', {}), { currentTime: String })
})

t.test('1.6 over a socket: what 2.0.1 alone has is not sent', async (t) => {
  const { station, execute } = await setUp(t)
  t.match(await execute('get-base-report', { report: 'full' }), { state: 'failed' })
  t.match(await execute('trigger-message', { message: 'transaction' }), { state: 'failed' })
  t.strictSame(station.unread, [])
})
