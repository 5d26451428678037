import { accepted, type Case, FUTURE, HASH, PAST, PEM, rejected } from './command-case.ts'

const profile16 = (chargingProfilePurpose: string, chargingProfileId = 1) => ({
  chargingProfileId,
  stackLevel: 0,
  chargingProfilePurpose,
  chargingProfileKind: 'Absolute',
  chargingSchedule: {
    startSchedule: PAST,
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [{ startPeriod: 0, limit: 21.4 }],
  },
})
export const CASES_16: Case[] = [
  ['GetConfiguration', {}, { unknownKey: undefined }],
  [
    'GetConfiguration',
    { key: ['heartbeatinterval', 'NoSuchKey', 'AuthorizationKey'] },
    {
      configurationKey: [
        { key: 'HeartbeatInterval', readonly: false, value: '300' },
        { key: 'AuthorizationKey', readonly: false, value: undefined },
      ],
      unknownKey: ['NoSuchKey'],
    },
  ],
  ['GetConfiguration', { key: ['NumberOfConnectors'] }, { configurationKey: [{ value: '2' }] }],
  ['ChangeConfiguration', { key: 'HeartbeatInterval', value: '60' }, accepted],
  ['ChangeConfiguration', { key: 'HeartbeatInterval', value: 'often' }, rejected],
  ['ChangeConfiguration', { key: 'NumberOfConnectors', value: '3' }, rejected],
  ['ChangeConfiguration', { key: 'NoSuchKey', value: '3' }, { status: 'NotSupported' }],
  ['ChangeConfiguration', { key: 'SecurityProfile', value: '2' }, { status: 'RebootRequired' }],
  ['ChangeConfiguration', { key: 'AuthorizationKey', value: 'not hexadecimal' }, rejected],
  ['ChangeConfiguration', { key: 'MeterValuesSampledData', value: 'SoC,Voltage' }, accepted],
  ['ChangeConfiguration', { key: 'MeterValuesSampledData', value: 'RPM' }, rejected],
  ['ChangeAvailability', { connectorId: 0, type: 'Operative' }, accepted],
  ['ChangeAvailability', { connectorId: 9, type: 'Inoperative' }, rejected],
  ['ClearCache', {}, accepted],
  ['DataTransfer', { vendorId: 'Somebody' }, { status: 'UnknownVendorId' }],
  ['DataTransfer', { vendorId: 'Fleetgrid.Simulator' }, { status: 'UnknownMessageId' }],
  [
    'DataTransfer',
    { vendorId: 'Fleetgrid.Simulator', messageId: 'Echo', data: 'hello' },
    { status: 'Accepted', data: 'hello' },
  ],
  ['RemoteStartTransaction', { connectorId: 9, idTag: 'A' }, rejected],
  [
    'RemoteStartTransaction',
    { connectorId: 1, idTag: 'A', chargingProfile: profile16('TxDefaultProfile') },
    rejected,
  ],
  ['RemoteStopTransaction', { transactionId: 12 }, rejected],
  ['UnlockConnector', { connectorId: 1 }, { status: 'Unlocked' }],
  ['UnlockConnector', { connectorId: 9 }, { status: 'NotSupported' }],
  ['GetLocalListVersion', {}, { listVersion: 0 }],
  [
    'SendLocalList',
    {
      listVersion: 4,
      updateType: 'Full',
      localAuthorizationList: [{ idTag: 'A', idTagInfo: { status: 'Blocked' } }],
    },
    accepted,
  ],
  ['SendLocalList', { listVersion: 4, updateType: 'Differential' }, { status: 'VersionMismatch' }],
  [
    'SendLocalList',
    { listVersion: 5, updateType: 'Differential', localAuthorizationList: [{ idTag: 'A' }] },
    accepted,
  ],
  ['GetLocalListVersion', {}, { listVersion: 5 }],
  ['ReserveNow', { connectorId: 1, expiryDate: FUTURE, idTag: 'A', reservationId: 1 }, accepted],
  [
    'ReserveNow',
    { connectorId: 1, expiryDate: FUTURE, idTag: 'B', reservationId: 2 },
    { status: 'Occupied' },
  ],
  ['ReserveNow', { connectorId: 0, expiryDate: FUTURE, idTag: 'B', reservationId: 3 }, rejected],
  ['RemoteStartTransaction', { connectorId: 1, idTag: 'B' }, rejected],
  ['CancelReservation', { reservationId: 1 }, accepted],
  ['CancelReservation', { reservationId: 1 }, rejected],
  [
    'SetChargingProfile',
    { connectorId: 0, csChargingProfiles: profile16('ChargePointMaxProfile') },
    accepted,
  ],
  [
    'SetChargingProfile',
    { connectorId: 1, csChargingProfiles: profile16('ChargePointMaxProfile') },
    rejected,
  ],
  ['SetChargingProfile', { connectorId: 1, csChargingProfiles: profile16('TxProfile') }, rejected],
  [
    'SetChargingProfile',
    { connectorId: 9, csChargingProfiles: profile16('TxDefaultProfile') },
    rejected,
  ],
  [
    'SetChargingProfile',
    { connectorId: 1, csChargingProfiles: profile16('TxDefaultProfile', 2) },
    accepted,
  ],
  [
    'GetCompositeSchedule',
    { connectorId: 1, duration: 600, chargingRateUnit: 'A' },
    {
      status: 'Accepted',
      chargingSchedule: { chargingSchedulePeriod: [{ startPeriod: 0, limit: 21.4 }] },
    },
  ],
  ['GetCompositeSchedule', { connectorId: 0, duration: 600 }, accepted],
  ['GetCompositeSchedule', { connectorId: 9, duration: 600 }, rejected],
  ['ClearChargingProfile', { id: 2 }, accepted],
  ['ClearChargingProfile', { id: 2 }, { status: 'Unknown' }],
  ['TriggerMessage', { requestedMessage: 'StatusNotification', connectorId: 9 }, rejected],
  ...[
    ...['BootNotification', 'DiagnosticsStatusNotification', 'FirmwareStatusNotification'],
    ...['Heartbeat', 'MeterValues', 'StatusNotification'],
  ].map((requestedMessage): Case => ['TriggerMessage', { requestedMessage }, accepted]),
  ...[
    ...['BootNotification', 'LogStatusNotification', 'FirmwareStatusNotification', 'Heartbeat'],
    ...['MeterValues', 'SignChargePointCertificate', 'StatusNotification'],
  ].map((requestedMessage): Case => ['ExtendedTriggerMessage', { requestedMessage }, accepted]),
  [
    'InstallCertificate',
    { certificateType: 'CentralSystemRootCertificate', certificate: PEM },
    accepted,
  ],
  [
    'InstallCertificate',
    { certificateType: 'CentralSystemRootCertificate', certificate: '?' },
    rejected,
  ],
  ['GetInstalledCertificateIds', { certificateType: 'CentralSystemRootCertificate' }, accepted],
  [
    'GetInstalledCertificateIds',
    { certificateType: 'ManufacturerRootCertificate' },
    { status: 'NotFound' },
  ],
  ['DeleteCertificate', { certificateHashData: HASH }, { status: 'NotFound' }],
  ['CertificateSigned', { certificateChain: PEM }, accepted],
  ['CertificateSigned', { certificateChain: '?' }, rejected],
  ['GetDiagnostics', { location: 'https://example.com' }, { fileName: /diagnostics/ }],
  [
    'GetLog',
    { logType: 'DiagnosticsLog', requestId: 1, log: { remoteLocation: 'https://example.com' } },
    accepted,
  ],
  [
    'GetLog',
    { logType: 'DiagnosticsLog', requestId: 2, log: { remoteLocation: 'https://example.com' } },
    { status: 'AcceptedCanceled' },
  ],
  [
    'SignedUpdateFirmware',
    {
      requestId: 1,
      firmware: { location: 'x', retrieveDateTime: PAST, signingCertificate: '?', signature: '' },
    },
    { status: 'InvalidCertificate' },
  ],
  ['UpdateFirmware', { location: 'https://example.com', retrieveDate: FUTURE }, {}],
  ['Reset', { type: 'Soft' }, accepted],
]

/** What only stations say. */
export const NOT_ASKED_16 = [
  ...['Authorize', 'BootNotification', 'DiagnosticsStatusNotification'],
  ...['FirmwareStatusNotification', 'Heartbeat', 'LogStatusNotification', 'MeterValues'],
  ...['SecurityEventNotification', 'SignCertificate', 'SignedFirmwareStatusNotification'],
  ...['StartTransaction', 'StatusNotification', 'StopTransaction'],
]
