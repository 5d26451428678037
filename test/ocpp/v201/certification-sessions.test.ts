import t from 'tap'
import type { ChargingTransaction } from '../../../src/domain/charging-transaction.ts'
import {
  ACCEPTED,
  authorize,
  authorized,
  charging,
  disconnected,
  ENERGY_TRANSFER,
  finish,
  meter,
  PLACE,
  POST_SESSION,
  plugged,
  SIGNED,
  STOP_AUTHORIZED,
  type Step,
  state,
  step,
  stopped,
  suspended,
  tell,
  transactionOf,
  VALID,
} from './session.ts'
import { createWorld, NOW } from './station.ts'

// The cases of the certification (OCPP 2.0.1 part 6 §3) in which a station tells of a session: what it
// says, step by step, and what is known of the transaction in the end. That each is answered is checked
// with every step: no event can be refused.

const world = await createWorld(t)
for (const uid of ['VALID', 'VALID2']) await world.putToken(uid, { groupId: 'GROUP' })
await world.putToken('MASTER', { groupId: 'MASTERPASS' })

interface Case {
  readonly title: string
  readonly steps: readonly Step[]
  readonly end: Partial<ChargingTransaction>
}

const CASES: readonly Case[] = [
  {
    title: 'TC_E_01 it starts when the power path is closed',
    steps: [
      step('Started', 'ChargingStateChanged', { ...VALID, ...PLACE, ...state('SuspendedEVSE') }),
      charging,
    ],
    end: { tokenUid: 'VALID', chargingState: 'Charging', evseId: 1 },
  },
  {
    title: 'TC_E_02 it starts with the energy',
    steps: [step('Started', 'ChargingStateChanged', { ...VALID, ...PLACE, ...state('Charging') })],
    end: { tokenUid: 'VALID', chargingState: 'Charging' },
  },
  {
    title: 'TC_E_03 the cable first',
    steps: ENERGY_TRANSFER,
    end: { tokenUid: 'VALID', chargingState: 'Charging', evseId: 1 },
  },
  {
    title: 'TC_E_04 the token first',
    steps: [
      step('Started', 'Authorized', VALID),
      step('Updated', 'CablePluggedIn', { ...PLACE, ...state('EVConnected') }),
      charging,
    ],
    end: { tokenUid: 'VALID', chargingState: 'Charging', evseId: 1, connectorId: 1 },
  },
  {
    title: 'TC_E_07 it stops when the power path is opened',
    steps: [...ENERGY_TRANSFER, step('Ended', 'StopAuthorized', stopped('Local'))],
    end: { stopReason: 'Local', stoppedAt: NOW + 3000 },
  },
  {
    title: 'TC_E_08 it stops with the energy, by its driver',
    steps: [
      ...STOP_AUTHORIZED,
      step('Ended', 'ChargingStateChanged', stopped('Local', 'EVConnected')),
    ],
    end: { stopReason: 'Local', chargingState: 'EVConnected' },
  },
  {
    title: 'TC_E_09 it starts with the cable',
    steps: [plugged],
    end: { chargingState: 'EVConnected', evseId: 1 },
  },
  {
    title: 'TC_E_10 it starts with the token, and nobody knows where',
    steps: [step('Started', 'Authorized', VALID)],
    end: { tokenUid: 'VALID', evseId: 0, connectorId: 0 },
  },
  {
    title: 'TC_E_11 it starts with a signed value',
    steps: [
      step('Started', 'SignedDataReceived', {
        ...VALID,
        ...PLACE,
        ...meter(0, 'Transaction.Begin', SIGNED),
      }),
      charging,
    ],
    end: { meterStartWh: 0, chargingState: 'Charging' },
  },
  {
    title: 'TC_E_12 it starts when somebody parks',
    steps: [step('Started', 'EVDetected')],
    end: { startedAt: NOW },
  },
  {
    title: 'TC_E_14 it stops when the cable is unplugged at the station',
    steps: [...POST_SESSION, disconnected()],
    end: { stopReason: 'EVDisconnected' },
  },
  {
    title: 'TC_E_15 it stops by its driver; that it was local may be left out',
    steps: [...ENERGY_TRANSFER, step('Ended', 'StopAuthorized')],
    end: { stopReason: 'Local' },
  },
  {
    title: 'TC_E_17 it stops when the EV is gone',
    steps: [...ENERGY_TRANSFER, suspended, disconnected()],
    end: { stopReason: 'EVDisconnected', chargingState: 'Idle' },
  },
  {
    title: 'TC_E_19 it stops when the bay is free',
    steps: [
      ...POST_SESSION,
      step('Updated', 'EVCommunicationLost', state('Idle')),
      step('Ended', 'EVDeparted', stopped('Local')),
    ],
    end: { stopReason: 'Local' },
  },
  {
    title: 'TC_E_20 it stops when the cable is unplugged at the EV',
    steps: [...ENERGY_TRANSFER, suspended, disconnected()],
    end: { stopReason: 'EVDisconnected' },
  },
  {
    title: 'TC_E_22 it stops when the EV is full',
    steps: [
      ...ENERGY_TRANSFER,
      step('Ended', 'ChargingStateChanged', stopped('StoppedByEV', 'SuspendedEV')),
    ],
    end: { stopReason: 'StoppedByEV', chargingState: 'SuspendedEV' },
  },
  {
    title: 'TC_E_26 it goes on when the cable is plugged in again',
    steps: [
      ...ENERGY_TRANSFER,
      suspended,
      step('Updated', 'EVCommunicationLost', state('Idle')),
      step('Updated', 'CablePluggedIn', state('EVConnected')),
      charging,
    ],
    end: { chargingState: 'Charging' },
  },
  {
    title: 'TC_E_38 the EV is not ready',
    steps: [plugged, authorized, suspended],
    end: { chargingState: 'SuspendedEV' },
  },
  {
    title: 'TC_E_39 nobody has plugged in',
    steps: [
      step('Started', 'Authorized', VALID),
      step('Ended', 'EVConnectTimeout', stopped('Timeout')),
    ],
    end: { stopReason: 'Timeout' },
  },
  {
    title: 'TC_J_02 clock-aligned values while it charges',
    steps: [
      ...ENERGY_TRANSFER,
      ...[100, 200].map((value) =>
        step('Updated', 'MeterValueClock', meter(value, 'Sample.Clock')),
      ),
    ],
    end: { meterWh: 200 },
  },
  {
    title: 'TC_J_03 clock-aligned values with the end',
    steps: [...POST_SESSION, disconnected(meter(700, 'Transaction.End'))],
    end: { meterStopWh: 700, meterWh: 700 },
  },
  {
    title: 'TC_J_04 signed clock-aligned values with the end',
    steps: [...POST_SESSION, disconnected(meter(700, 'Transaction.End', SIGNED))],
    end: { meterStopWh: 700 },
  },
  {
    title: 'TC_J_07 values of the start, at a known place',
    steps: [step('Started', 'CablePluggedIn', { ...PLACE, ...meter(5, 'Transaction.Begin') })],
    end: { meterStartWh: 5 },
  },
  {
    title: 'TC_J_08 values of the start, which come when the place is known',
    steps: [
      step('Started', 'Authorized', VALID),
      step('Updated', 'CablePluggedIn', {
        ...PLACE,
        ...state('EVConnected'),
        ...meter(5, 'Transaction.Begin'),
      }),
      charging,
    ],
    end: { meterStartWh: 5, evseId: 1 },
  },
  {
    title: 'TC_J_09 values now and then',
    steps: [
      ...ENERGY_TRANSFER,
      ...[1, 2, 3].map((value) =>
        step('Updated', 'MeterValuePeriodic', meter(value, 'Sample.Periodic')),
      ),
    ],
    end: { meterWh: 3 },
  },
  {
    title: 'TC_J_10 values of the end',
    steps: [...POST_SESSION, disconnected(meter(9, 'Transaction.End'))],
    end: { meterStopWh: 9 },
  },
  {
    title: 'TC_J_11 signed values of the end',
    steps: [...POST_SESSION, disconnected(meter(9, 'Transaction.End', SIGNED))],
    end: { meterStopWh: 9 },
  },
]

for (const { title, steps, end } of CASES) {
  t.test(title, async (t) => {
    const station = await world.station()
    t.match(await authorize(station, 'VALID'), ACCEPTED)
    const answers = await tell(station, steps)
    for (const [index, { more }] of steps.entries()) {
      t.match(answers[index], 'idToken' in more ? ACCEPTED : {}, `step ${index + 1}`)
    }
    t.match(await transactionOf(station), { startedAt: NOW, ...end })
    await finish(station)
  })
}
