import t from 'tap'
import { type OutboundCase, testOutbound } from './outbound-case.ts'
import { read } from './station.ts'

const TIME = '2026-04-06T22:00:00Z'
const PROFILE = {
  id: 1,
  stackLevel: 2,
  purpose: 'transaction-default',
  kind: 'recurring',
  recurrence: 'daily',
  validFrom: TIME,
  schedules: [
    {
      startsAt: TIME,
      durationSeconds: 3600,
      unit: 'A',
      minRate: 6,
      periods: [
        { startSeconds: 0, limit: 16.1, phases: 3 },
        { startSeconds: 60, limit: 8, phases: 1, phaseToUse: 2 },
      ],
    },
  ],
}
const WIRE_PROFILE = {
  id: 1,
  stackLevel: 2,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Recurring',
  recurrencyKind: 'Daily',
  validFrom: TIME,
  chargingSchedule: [
    {
      id: 1,
      startSchedule: TIME,
      duration: 3600,
      chargingRateUnit: 'A',
      minChargingRate: 6,
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: 16.1, numberPhases: 3 },
        { startPeriod: 60, limit: 8, numberPhases: 1, phaseToUse: 2 },
      ],
    },
  ],
}
const TX_PROFILE = { ...PROFILE, purpose: 'transaction' }

const CASES: readonly OutboundCase[] = [
  {
    title:
      '2.0.1 ChangeAvailability TC_G_03 TC_G_04 TC_G_05 TC_G_06 TC_G_07 TC_G_08 of station, EVSE, connector',
    action: 'ChangeAvailability',
    says: [
      [{ isOperative: false }, { operationalStatus: 'Inoperative' }],
      [{ isOperative: true, evseId: 0 }, { operationalStatus: 'Operative' }],
      [
        { isOperative: true, evseId: 2 },
        { operationalStatus: 'Operative', evse: { id: 2 } },
      ],
      [
        { isOperative: false, evseId: 2 },
        { operationalStatus: 'Inoperative', evse: { id: 2 } },
      ],
      [
        { isOperative: false, evseId: 2, connectorId: 1 },
        { operationalStatus: 'Inoperative', evse: { id: 2, connectorId: 1 } },
      ],
      [
        { isOperative: true, evseId: 2, connectorId: 1 },
        { operationalStatus: 'Operative', evse: { id: 2, connectorId: 1 } },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ isOperative: true, connectorId: 1 }, 'connectorId']],
  },
  {
    title: '2.0.1 ChangeAvailability TC_G_11 TC_G_14 TC_G_17 while it charges, it is scheduled',
    action: 'ChangeAvailability',
    says: [],
    reads: { Scheduled: 'accepted' },
  },
  {
    title: '2.0.1 Reset TC_B_20 TC_B_21 TC_B_22 of the station',
    action: 'Reset',
    says: [
      [{ how: 'on-idle' }, { type: 'OnIdle' }],
      [{ how: 'immediate', evseId: 0 }, { type: 'Immediate' }],
    ],
    reads: { Accepted: 'accepted', Scheduled: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ how: 'hard' }, 'how']],
  },
  {
    title: '2.0.1 Reset TC_B_25 TC_B_26 TC_B_27 of one EVSE',
    action: 'Reset',
    says: [
      [
        { how: 'on-idle', evseId: 1 },
        { type: 'OnIdle', evseId: 1 },
      ],
      [
        { how: 'immediate', evseId: 1 },
        { type: 'Immediate', evseId: 1 },
      ],
    ],
    reads: { Scheduled: 'accepted' },
  },
  {
    title: '2.0.1 ClearCache TC_C_37 TC_C_38',
    action: 'ClearCache',
    says: [[{}, {}]],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
  },
  {
    title: '2.0.1 UnlockConnector TC_F_06',
    action: 'UnlockConnector',
    says: [
      [{ evseId: 2 }, { evseId: 2, connectorId: 1 }],
      [
        { evseId: 2, connectorId: 3 },
        { evseId: 2, connectorId: 3 },
      ],
    ],
    reads: {
      Unlocked: 'accepted',
      UnlockFailed: 'failed',
      OngoingAuthorizedTransaction: 'rejected',
      UnknownConnector: 'failed',
    },
  },
  {
    title: '2.0.1 RequestStartTransaction',
    action: 'RequestStartTransaction',
    says: [
      [
        { tokenUid: 'T', remoteStartId: 5 },
        { remoteStartId: 5, idToken: { idToken: 'T', type: 'ISO14443' } },
      ],
      [
        {
          evseId: 1,
          tokenUid: 'T',
          tokenKind: 'Central',
          tokenGroupId: 'G',
          remoteStartId: 5,
          profile: TX_PROFILE,
        },
        {
          evseId: 1,
          remoteStartId: 5,
          idToken: { idToken: 'T', type: 'Central' },
          groupIdToken: { idToken: 'G', type: 'Central' },
          chargingProfile: { ...WIRE_PROFILE, chargingProfilePurpose: 'TxProfile' },
        },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
    unsayable: [
      [{ tokenUid: 'T' }, 'remoteStartId'],
      [{ tokenUid: 'T', remoteStartId: 5, evseId: 1, connectorId: 1 }, 'connectorId'],
      [{ tokenUid: 'T', remoteStartId: 5, profile: PROFILE }, 'profile.purpose'],
      [
        { tokenUid: 'T', remoteStartId: 5, profile: { ...TX_PROFILE, transactionId: 'CS/1' } },
        'profile.transactionId',
      ],
    ],
  },
  {
    title: '2.0.1 RequestStopTransaction',
    action: 'RequestStopTransaction',
    says: [[{ transactionId: 'CS-1/8f3c' }, { transactionId: '8f3c' }]],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
  },
  {
    title: '2.0.1 GetTransactionStatus TC_E_29 TC_E_30 TC_E_31 TC_E_33 TC_E_34',
    action: 'GetTransactionStatus',
    says: [
      [{}, {}],
      [{ transactionId: 'CS-1/8f3c' }, { transactionId: '8f3c' }],
    ],
    reads: [
      [{ messagesInQueue: true }, 'accepted'],
      [{ messagesInQueue: false }, 'accepted'],
      [{ ongoingIndicator: true, messagesInQueue: false }, 'accepted'],
      [{ ongoingIndicator: false, messagesInQueue: true }, 'accepted'],
    ],
  },
  {
    title: '2.0.1 TriggerMessage TC_F_20 TC_F_27',
    action: 'TriggerMessage',
    says: [
      [{ message: 'heartbeat' }, { requestedMessage: 'Heartbeat' }],
      [{ message: 'boot' }, { requestedMessage: 'BootNotification' }],
      [{ message: 'sign-certificate' }, { requestedMessage: 'SignChargingStationCertificate' }],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected', NotImplemented: 'failed' },
    unsayable: [
      [{ message: 'diagnostics-status' }, 'message'],
      [{ message: 'signed-firmware-status' }, 'message'],
      [{ message: 'heartbeat', connectorId: 1 }, 'connectorId'],
      [{ message: 'status' }, 'evseId'],
    ],
  },
  {
    title:
      '2.0.1 TriggerMessage TC_F_11 TC_F_12 TC_F_13 TC_F_14 TC_F_15 TC_F_18 TC_F_23 TC_F_24 of one EVSE or all',
    action: 'TriggerMessage',
    says: [
      [
        { message: 'meter-values', evseId: 1 },
        { requestedMessage: 'MeterValues', evse: { id: 1 } },
      ],
      [{ message: 'meter-values' }, { requestedMessage: 'MeterValues' }],
      [
        { message: 'transaction', evseId: 1 },
        { requestedMessage: 'TransactionEvent', evse: { id: 1 } },
      ],
      [{ message: 'transaction' }, { requestedMessage: 'TransactionEvent' }],
      [{ message: 'log-status' }, { requestedMessage: 'LogStatusNotification' }],
      [{ message: 'firmware-status' }, { requestedMessage: 'FirmwareStatusNotification' }],
      [
        { message: 'status', evseId: 1 },
        { requestedMessage: 'StatusNotification', evse: { id: 1, connectorId: 1 } },
      ],
      [
        { message: 'status', evseId: 1, connectorId: 2 },
        { requestedMessage: 'StatusNotification', evse: { id: 1, connectorId: 2 } },
      ],
    ],
    reads: { Accepted: 'accepted' },
  },
  {
    title: '2.0.1 SetChargingProfile',
    action: 'SetChargingProfile',
    says: [
      [{ profile: PROFILE }, { evseId: 0, chargingProfile: WIRE_PROFILE }],
      [
        { evseId: 1, profile: { ...TX_PROFILE, transactionId: 'CS-1/8f3c' } },
        {
          evseId: 1,
          chargingProfile: {
            ...WIRE_PROFILE,
            chargingProfilePurpose: 'TxProfile',
            transactionId: '8f3c',
          },
        },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ evseId: 1, profile: TX_PROFILE }, 'profile.transactionId']],
  },
  {
    title: '2.0.1 ClearChargingProfile',
    action: 'ClearChargingProfile',
    says: [
      [{ profileId: 4 }, { chargingProfileId: 4 }],
      [
        { evseId: 0, purpose: 'station-max', stackLevel: 1 },
        {
          chargingProfileCriteria: {
            evseId: 0,
            chargingProfilePurpose: 'ChargingStationMaxProfile',
            stackLevel: 1,
          },
        },
      ],
    ],
    reads: { Accepted: 'accepted', Unknown: 'failed' },
    unsayable: [[{}, 'profileId']],
  },
  {
    title: '2.0.1 GetCompositeSchedule',
    action: 'GetCompositeSchedule',
    says: [
      [
        { evseId: 0, durationSeconds: 60 },
        { evseId: 0, duration: 60 },
      ],
      [
        { evseId: 1, durationSeconds: 60, unit: 'W' },
        { evseId: 1, duration: 60, chargingRateUnit: 'W' },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
  },
]

for (const each of CASES) testOutbound(t, each)

t.test('2.0.1 Reset: why it is rejected is told', async (t) => {
  const info = (additionalInfo?: string) => ({
    status: 'Rejected',
    statusInfo: { reasonCode: 'FwUpdateInProgress', ...(additionalInfo && { additionalInfo }) },
  })
  t.equal(read('Reset', info()).reason, 'Rejected (FwUpdateInProgress)')
  t.equal(read('Reset', info('wait')).reason, 'Rejected (FwUpdateInProgress: wait)')
  t.throws(() => read('Reset', { status: 'Perhaps' }), /property/)
})
