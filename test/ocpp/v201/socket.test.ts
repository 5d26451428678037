import t from 'tap'
import { type CommandKind, isCommandKind } from '../../../src/charging/command-kinds.ts'
import { PARAMETERS } from '../../../src/charging/command-parameters.ts'
import type { ChargingServices } from '../../../src/charging/services.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { ActionTable } from '../../../src/ocpp/action.ts'
import { actions201, LATER_FROM } from '../../../src/ocpp/v201/actions.ts'
import { type GatewaySetup, type Station, startGateway } from '../../helpers/ocpp.ts'
import { createWorld } from './station.ts'

// Every action once over a real socket, with the real services behind it.

const world = await createWorld(t)
const AT = '2026-04-06T09:59:30.000Z'
const PLACE = { evseId: 1, connectorId: 1 }
const COMPONENT = { name: 'Connector', evse: { id: 1, connectorId: 1 } }
const VARIABLE = { name: 'AvailabilityState' }
const HEARTBEAT = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } }

/** What a station calls, and what the answer has. */
const CALLS: Readonly<Record<string, { request: object; answer?: object }>> = {
  BootNotification: {
    request: { reason: 'PowerUp', chargingStation: { vendorName: 'Example', model: 'Wallbox' } },
    answer: { status: 'Accepted', interval: 300 },
  },
  Heartbeat: { request: {}, answer: { currentTime: String } },
  StatusNotification: { request: { ...PLACE, connectorStatus: 'Available', timestamp: AT } },
  Authorize: {
    request: { idToken: { idToken: 'NOBODY', type: 'ISO14443' } },
    answer: { idTokenInfo: { status: 'Unknown' } },
  },
  TransactionEvent: {
    request: {
      eventType: 'Ended',
      timestamp: AT,
      triggerReason: 'EVDeparted',
      seqNo: 9,
      transactionInfo: { transactionId: 'TX-1' },
      idToken: { idToken: 'NOBODY', type: 'ISO14443' },
    },
    answer: { idTokenInfo: { status: 'Unknown' } },
  },
  MeterValues: {
    request: { evseId: 1, meterValue: [{ timestamp: AT, sampledValue: [{ value: 1 }] }] },
  },
  NotifyReport: { request: { requestId: 1, generatedAt: AT, seqNo: 0 } },
  NotifyEvent: {
    request: {
      generatedAt: AT,
      seqNo: 0,
      eventData: [
        {
          eventId: 1,
          timestamp: AT,
          trigger: 'Delta',
          actualValue: 'Occupied',
          eventNotificationType: 'HardWiredNotification',
          component: COMPONENT,
          variable: VARIABLE,
        },
      ],
    },
  },
  SecurityEventNotification: { request: { type: 'FirmwareUpdated', timestamp: AT } },
  FirmwareStatusNotification: { request: { status: 'Idle' } },
  LogStatusNotification: { request: { status: 'Idle' } },
  NotifyCustomerInformation: { request: { requestId: 1, generatedAt: AT, seqNo: 0, data: '' } },
  DataTransfer: { request: { vendorId: 'com.other' }, answer: { status: 'UnknownVendorId' } },
  SignCertificate: { request: { csr: 'MII=' }, answer: { status: 'Rejected' } },
}

/** What a station answers, beside those who are just Accepted. */
const ANSWERS: Readonly<Record<string, JsonObject>> = {
  UnlockConnector: { status: 'Unlocked' },
  GetLocalListVersion: { versionNumber: 1 },
  GetTransactionStatus: { messagesInQueue: false },
  GetVariables: {
    getVariableResult: [{ ...HEARTBEAT, attributeStatus: 'Accepted', attributeValue: '300' }],
  },
  SetVariables: { setVariableResult: [{ ...HEARTBEAT, attributeStatus: 'Accepted' }] },
}

/** What a command of 2.0.1 needs beyond the example of its kind. */
const MORE: Partial<Record<CommandKind, JsonObject>> = {
  'start-charging': { remoteStartId: 1 },
  'update-firmware': { requestId: 1 },
  'get-logs': { requestId: 1 },
  reserve: { reservationId: 1 },
  'get-base-report': { requestId: 1 },
  'get-report': { requestId: 1 },
  'get-customer-information': { requestId: 1 },
  'get-variables': { variables: [{ component: 'OCPPCommCtrlr', name: 'HeartbeatInterval' }] },
  'set-variables': {
    variables: [{ component: 'OCPPCommCtrlr', name: 'HeartbeatInterval', value: '300' }],
  },
}

function withServices(table: ActionTable, services: ChargingServices): ActionTable {
  const rows = Object.entries(table).map(([name, row]) => {
    const { from } = row
    if (from === undefined) return [name, row] as const
    const handle: typeof from.handle = (call) => from.handle({ ...call, services } as never)
    return [name, { ...row, from: { ...from, handle } }] as const
  })
  return Object.fromEntries(rows)
}

async function start(t: Parameters<typeof startGateway>[0], setup: GatewaySetup = {}) {
  const table = withServices(actions201, world.services)
  const gateway = await startGateway(t, { actions: { '1.6': {}, '2.0.1': table }, ...setup })
  const { id } = await world.station(setup.registration)
  const station = await gateway.connect(id, 'ocpp2.0.1')
  const execute = (kind: string, parameters: JsonObject) =>
    gateway.gateway.connections.get(id)?.execute(kind, parameters)
  return { id, station, execute }
}

/** A call and its answer. */
function ask(station: Station, action: string, request: object): Promise<unknown[]> {
  return station.ask([2, `id-${action}`, action, request])
}

t.test('2.0.1 from *: each action that a station calls is answered', async (t) => {
  const { station } = await start(t)
  const answered = Object.entries(actions201).filter(([, { from }]) => from !== undefined)
  t.same(Object.keys(CALLS).toSorted(), answered.map(([name]) => name).toSorted())
  for (const [action, { request, answer = {} }] of Object.entries(CALLS)) {
    t.match(await ask(station, action, request), [3, `id-${action}`, answer], action)
    const wrong = await ask(station, action, { ...request, extra: true })
    t.match(wrong, [4, `id-${action}`, 'FormatViolation', String, {}], `${action} with an extra`)
  }
})

t.test('each action that is left for later is NotSupported', async (t) => {
  const { station } = await start(t)
  for (const [action, row] of Object.entries(actions201)) {
    if (row !== LATER_FROM) continue
    t.match(await ask(station, action, {}), [4, `id-${action}`, 'NotSupported'], action)
  }
  t.match(await ask(station, 'Reset', { type: 'OnIdle' }), [4, 'id-Reset', 'NotSupported'])
  t.match(await ask(station, 'Explode', {}), [4, 'id-Explode', 'NotImplemented'])
})

t.test(
  '2.0.1 to *: each command reaches the station as its action, and its answer comes back',
  async (t) => {
    const { station, execute } = await start(t)
    for (const [action, { to }] of Object.entries(actions201)) {
      if (to === undefined || !isCommandKind(to.kind)) continue
      const { examples } = PARAMETERS[to.kind] as unknown as { examples: readonly JsonObject[] }
      const execution = execute(to.kind, { ...examples[0], ...MORE[to.kind] })
      const [type, id, name] = await station.next()
      t.same([type, name], [2, action])
      const answer = ANSWERS[action] ?? { status: 'Accepted' }
      station.send([3, id, answer])
      t.match(await execution, { state: 'accepted', answer }, action)
    }
  },
)

t.test('what 2.0.1 has no words for never reaches the station', async (t) => {
  const { station, execute } = await start(t)
  t.match(await execute('get-diagnostics', { location: 'ftp://example.com' }), { state: 'failed' })
  t.match(await execute('reset', { how: 'hard' }), {
    state: 'failed',
    reason: 'OCPP 2.0.1: how is immediate or on-idle.',
  })
  t.match(await ask(station, 'Heartbeat', {}), [3, 'id-Heartbeat'])
  t.same(station.unread, [])
})

t.test('TC_B_30 before it is accepted it may only boot', async (t) => {
  for (const registration of ['pending', 'rejected'] as const) {
    const { station } = await start(t, { registration })
    for (const [action, { request }] of Object.entries(CALLS)) {
      const answer = await ask(station, action, request)
      if (action === 'BootNotification') {
        const status = registration === 'pending' ? 'Pending' : 'Rejected'
        t.match(answer, [3, `id-${action}`, { status }])
      } else if (action === 'NotifyReport' && registration === 'pending') {
        t.match(answer, [3, `id-${action}`, {}], 'which we may have asked for')
      } else t.match(answer, [4, `id-${action}`, 'SecurityError'], action)
    }
  }
})

t.test('TC_B_31 before it is accepted it may be asked to boot, and then is', async (t) => {
  const { id, station, execute } = await start(t, { registration: 'pending' })
  const execution = execute('trigger-message', { message: 'boot' })
  const [, callId, action, request] = await station.next()
  t.same([action, request], ['TriggerMessage', { requestedMessage: 'BootNotification' }])
  station.send([3, callId, { status: 'Accepted' }])
  t.match(await execution, { state: 'accepted' })
  await world.stores.chargePoints.change(id, { registration: 'accepted' })
  const boot = CALLS['BootNotification']?.request ?? {}
  t.match(await ask(station, 'BootNotification', boot), [3, String, { status: 'Accepted' }])
  t.match(await ask(station, 'Heartbeat', {}), [3])
})
