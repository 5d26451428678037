import { accepted, type Case, FUTURE, HASH, PAST, PEM, rejected } from './command-case.ts'

const profile201 = (chargingProfilePurpose: string, id = 1) => ({
  id,
  stackLevel: 0,
  chargingProfilePurpose,
  chargingProfileKind: 'Absolute',
  chargingSchedule: [
    {
      id: 1,
      startSchedule: PAST,
      chargingRateUnit: 'A',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 21.4 }],
    },
  ],
})
const variable = (component: string, name: string) => ({
  component: { name: component },
  variable: { name },
})
const card = { idToken: 'A', type: 'ISO14443' }

export const CASES_201: Case[] = [
  [
    'GetVariables',
    {
      getVariableData: [
        variable('OCPPCommCtrlr', 'HeartbeatInterval'),
        variable('SecurityCtrlr', 'BasicAuthPassword'),
        variable('NoSuchCtrlr', 'X'),
        variable('TxCtrlr', 'X'),
        { ...variable('TxCtrlr', 'TxStartPoint'), attributeType: 'MaxSet' },
        { component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'AvailabilityState' } },
      ],
    },
    {
      getVariableResult: [
        { attributeStatus: 'Accepted', attributeValue: '300' },
        { attributeStatus: 'Rejected' },
        { attributeStatus: 'UnknownComponent' },
        { attributeStatus: 'UnknownVariable' },
        { attributeStatus: 'NotSupportedAttributeType' },
        { attributeStatus: 'Accepted', attributeValue: 'Available' },
      ],
    },
  ],
  [
    'SetVariables',
    {
      setVariableData: [
        { ...variable('OCPPCommCtrlr', 'HeartbeatInterval'), attributeValue: '60' },
        { ...variable('OCPPCommCtrlr', 'HeartbeatInterval'), attributeValue: 'often' },
        { ...variable('TxCtrlr', 'TxStartPoint'), attributeValue: 'Authorized' },
        { ...variable('ChargingStation', 'Model'), attributeValue: 'Other' },
        { ...variable('SecurityCtrlr', 'Identity'), attributeValue: 'Other' },
        { ...variable('NoSuchCtrlr', 'X'), attributeValue: '1' },
      ],
    },
    {
      setVariableResult: [
        { attributeStatus: 'Accepted' },
        { attributeStatus: 'Rejected' },
        { attributeStatus: 'Rejected' },
        { attributeStatus: 'Rejected' },
        { attributeStatus: 'RebootRequired' },
        { attributeStatus: 'UnknownComponent' },
      ],
    },
  ],
  ['GetBaseReport', { requestId: 1, reportBase: 'FullInventory' }, accepted],
  ['GetBaseReport', { requestId: 2, reportBase: 'ConfigurationInventory' }, accepted],
  ['GetBaseReport', { requestId: 3, reportBase: 'SummaryInventory' }, accepted],
  [
    'GetReport',
    { requestId: 4, componentVariable: [{ component: { name: 'TxCtrlr' } }] },
    accepted,
  ],
  ['GetReport', { requestId: 5, componentCriteria: ['Problem'] }, { status: 'EmptyResultSet' }],
  ['CustomerInformation', { requestId: 6, report: true, clear: false }, { status: 'Invalid' }],
  ['CustomerInformation', { requestId: 7, report: true, clear: true, idToken: card }, accepted],
  [
    'SetNetworkProfile',
    {
      configurationSlot: 1,
      connectionData: {
        ocppVersion: 'OCPP20',
        ocppTransport: 'JSON',
        ocppCsmsUrl: 'wss://example.com',
        messageTimeout: 30,
        securityProfile: 1,
        ocppInterface: 'Wired0',
      },
    },
    accepted,
  ],
  ['ChangeAvailability', { operationalStatus: 'Operative' }, accepted],
  [
    'ChangeAvailability',
    { operationalStatus: 'Operative', evse: { id: 1, connectorId: 1 } },
    accepted,
  ],
  ['ChangeAvailability', { operationalStatus: 'Inoperative', evse: { id: 9 } }, rejected],
  ['ClearCache', {}, accepted],
  ['DataTransfer', { vendorId: 'Somebody' }, { status: 'UnknownVendorId' }],
  ['RequestStartTransaction', { evseId: 9, remoteStartId: 1, idToken: card }, rejected],
  [
    'RequestStartTransaction',
    { evseId: 1, remoteStartId: 1, idToken: card, chargingProfile: profile201('TxDefaultProfile') },
    rejected,
  ],
  ['RequestStopTransaction', { transactionId: 'none' }, rejected],
  ['GetTransactionStatus', {}, { messagesInQueue: false, ongoingIndicator: undefined }],
  ['GetTransactionStatus', { transactionId: 'none' }, { ongoingIndicator: false }],
  ['UnlockConnector', { evseId: 1, connectorId: 1 }, { status: 'Unlocked' }],
  ['UnlockConnector', { evseId: 1, connectorId: 2 }, { status: 'UnknownConnector' }],
  ['GetLocalListVersion', {}, { versionNumber: 0 }],
  [
    'SendLocalList',
    {
      versionNumber: 2,
      updateType: 'Full',
      localAuthorizationList: [{ idToken: card, idTokenInfo: { status: 'Accepted' } }],
    },
    accepted,
  ],
  [
    'SendLocalList',
    { versionNumber: 2, updateType: 'Differential' },
    { status: 'VersionMismatch' },
  ],
  ['GetLocalListVersion', {}, { versionNumber: 2 }],
  ['ReserveNow', { id: 1, expiryDateTime: FUTURE, idToken: card, evseId: 1 }, accepted],
  [
    'ReserveNow',
    { id: 2, expiryDateTime: FUTURE, idToken: card, evseId: 1 },
    { status: 'Occupied' },
  ],
  ['ReserveNow', { id: 3, expiryDateTime: FUTURE, idToken: card }, accepted],
  ['CancelReservation', { reservationId: 1 }, accepted],
  ['CancelReservation', { reservationId: 9 }, rejected],
  [
    'SetChargingProfile',
    { evseId: 0, chargingProfile: profile201('ChargingStationMaxProfile') },
    accepted,
  ],
  [
    'SetChargingProfile',
    { evseId: 1, chargingProfile: profile201('TxDefaultProfile', 2) },
    accepted,
  ],
  ['SetChargingProfile', { evseId: 1, chargingProfile: profile201('TxProfile', 3) }, rejected],
  ['GetChargingProfiles', { requestId: 8, evseId: 1, chargingProfile: {} }, accepted],
  [
    'GetChargingProfiles',
    { requestId: 9, evseId: 1, chargingProfile: { chargingProfileId: [77] } },
    { status: 'NoProfiles' },
  ],
  [
    'GetCompositeSchedule',
    { evseId: 1, duration: 600, chargingRateUnit: 'A' },
    { status: 'Accepted', schedule: { chargingSchedulePeriod: [{ startPeriod: 0, limit: 21.4 }] } },
  ],
  ['GetCompositeSchedule', { evseId: 9, duration: 600 }, rejected],
  ['ClearChargingProfile', { chargingProfileId: 2 }, accepted],
  ['ClearChargingProfile', { chargingProfileId: 2 }, { status: 'Unknown' }],
  ...[
    ...['BootNotification', 'LogStatusNotification', 'FirmwareStatusNotification', 'Heartbeat'],
    ...['MeterValues', 'SignChargingStationCertificate', 'StatusNotification', 'TransactionEvent'],
  ].map((requestedMessage): Case => ['TriggerMessage', { requestedMessage }, accepted]),
  ['TriggerMessage', { requestedMessage: 'SignV2GCertificate' }, { status: 'NotImplemented' }],
  ['TriggerMessage', { requestedMessage: 'MeterValues', evse: { id: 9 } }, rejected],
  ['InstallCertificate', { certificateType: 'CSMSRootCertificate', certificate: PEM }, accepted],
  ['GetInstalledCertificateIds', {}, accepted],
  [
    'GetInstalledCertificateIds',
    { certificateType: ['MORootCertificate'] },
    { status: 'NotFound' },
  ],
  ['DeleteCertificate', { certificateHashData: HASH }, { status: 'NotFound' }],
  ['CertificateSigned', { certificateChain: PEM }, accepted],
  [
    'GetLog',
    { logType: 'DiagnosticsLog', requestId: 1, log: { remoteLocation: 'https://example.com' } },
    accepted,
  ],
  [
    'UpdateFirmware',
    { requestId: 1, firmware: { location: 'x', retrieveDateTime: PAST, signingCertificate: '?' } },
    { status: 'InvalidCertificate' },
  ],
  [
    'UpdateFirmware',
    { requestId: 2, firmware: { location: 'https://example.com', retrieveDateTime: FUTURE } },
    accepted,
  ],
  ['Reset', { type: 'Immediate', evseId: 1 }, rejected],
  ['Reset', { type: 'Immediate' }, accepted],
]

/** What only stations say. */
export const NOT_ASKED_201 = [
  ...['Authorize', 'BootNotification', 'ClearedChargingLimit', 'FirmwareStatusNotification'],
  ...['Get15118EVCertificate', 'GetCertificateStatus', 'Heartbeat', 'LogStatusNotification'],
  ...['MeterValues', 'NotifyChargingLimit', 'NotifyCustomerInformation', 'NotifyDisplayMessages'],
  ...['NotifyEVChargingNeeds', 'NotifyEVChargingSchedule', 'NotifyEvent', 'NotifyMonitoringReport'],
  ...['NotifyReport', 'PublishFirmwareStatusNotification', 'ReportChargingProfiles'],
  ...['ReservationStatusUpdate', 'SecurityEventNotification', 'SignCertificate'],
  ...['StatusNotification', 'TransactionEvent'],
]
/** What these stations don't have. */
export const NOT_IMPLEMENTED_201 = [
  ...['ClearDisplayMessage', 'ClearVariableMonitoring', 'CostUpdated', 'GetDisplayMessages'],
  ...['GetMonitoringReport', 'PublishFirmware', 'SetDisplayMessage', 'SetMonitoringBase'],
  ...['SetMonitoringLevel', 'SetVariableMonitoring', 'UnpublishFirmware'],
]
