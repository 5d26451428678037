import { MEASURANDS } from './samples.ts'
import { createCatalog, type Setting } from './settings.ts'

/** The variables of a station that speaks OCPP 2.0.1, as its vendor delivers it; part 2, appendix 3. */

const SAMPLED = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC'

const ENERGY = 'Energy.Active.Import.Register'

const both = { access: 'both' } as const
const read = { access: 'read' } as const
const integer = { type: 'integer' } as const
const boolean = { type: 'boolean' } as const
const list = { type: 'list' } as const
const string = { type: 'string' } as const
const measurands = { ...list, members: MEASURANDS }
const seconds = { ...integer, unit: 's' }
const password = { ...string, access: 'write', role: 'password' } as const

const VARIABLES: readonly Setting[] = [
  { name: 'AlignedDataCtrlr.Interval', value: '0', ...seconds, ...both, role: 'alignedIntervalS' },
  {
    name: 'AlignedDataCtrlr.Measurands',
    value: ENERGY,
    ...measurands,
    ...both,
    role: 'alignedMeasurands',
  },
  { name: 'AlignedDataCtrlr.TxEndedInterval', value: '0', ...seconds, ...both },
  { name: 'AlignedDataCtrlr.TxEndedMeasurands', value: '', ...measurands, ...both },
  { name: 'AuthCacheCtrlr.Enabled', value: 'true', ...boolean, ...both },
  {
    name: 'AuthCtrlr.AuthorizeRemoteStart',
    value: 'false',
    ...boolean,
    ...both,
    role: 'authorizesRemote',
  },
  { name: 'AuthCtrlr.LocalAuthorizeOffline', value: 'true', ...boolean, ...both },
  {
    name: 'AuthCtrlr.LocalPreAuthorize',
    value: 'false',
    ...boolean,
    ...both,
    role: 'localPreAuthorize',
  },
  {
    name: 'AuthCtrlr.OfflineTxForUnknownIdEnabled',
    value: 'false',
    ...boolean,
    ...both,
    role: 'allowsUnknownOffline',
  },
  { name: 'ClockCtrlr.TimeSource', value: 'Heartbeat', ...string, ...both },
  { name: 'DeviceDataCtrlr.BytesPerMessage[GetReport]', value: '65536', ...integer, ...read },
  { name: 'DeviceDataCtrlr.BytesPerMessage[GetVariables]', value: '65536', ...integer, ...read },
  { name: 'DeviceDataCtrlr.BytesPerMessage[SetVariables]', value: '65536', ...integer, ...read },
  { name: 'DeviceDataCtrlr.ItemsPerMessage[GetReport]', value: '50', ...integer, ...read },
  { name: 'DeviceDataCtrlr.ItemsPerMessage[GetVariables]', value: '50', ...integer, ...read },
  { name: 'DeviceDataCtrlr.ItemsPerMessage[SetVariables]', value: '50', ...integer, ...read },
  { name: 'LocalAuthListCtrlr.BytesPerMessage', value: '65536', ...integer, ...read },
  {
    name: 'LocalAuthListCtrlr.Enabled',
    value: 'true',
    ...boolean,
    ...both,
    role: 'localListEnabled',
  },
  { name: 'LocalAuthListCtrlr.ItemsPerMessage', value: '500', ...integer, ...read },
  {
    name: 'OCPPCommCtrlr.FileTransferProtocols',
    value: 'HTTP,HTTPS,FTP,FTPS,SFTP',
    ...list,
    ...read,
  },
  {
    name: 'OCPPCommCtrlr.HeartbeatInterval',
    value: '300',
    ...seconds,
    ...both,
    lowest: 1,
    role: 'heartbeatIntervalS',
  },
  {
    name: 'OCPPCommCtrlr.MessageAttempts[TransactionEvent]',
    value: '3',
    ...integer,
    ...both,
    lowest: 1,
    role: 'attemptsMax',
  },
  {
    name: 'OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]',
    value: '60',
    ...seconds,
    ...both,
    role: 'retryIntervalS',
  },
  { name: 'OCPPCommCtrlr.MessageTimeout[Default]', value: '30', ...seconds, ...read },
  { name: 'OCPPCommCtrlr.NetworkConfigurationPriority', value: '1', ...list, ...both },
  {
    name: 'OCPPCommCtrlr.NetworkProfileConnectionAttempts',
    value: '3',
    ...integer,
    ...both,
    lowest: 1,
  },
  { name: 'OCPPCommCtrlr.OfflineThreshold', value: '60', ...seconds, ...both },
  { name: 'OCPPCommCtrlr.QueueAllMessages', value: 'false', ...boolean, ...both },
  { name: 'OCPPCommCtrlr.ResetRetries', value: '3', ...integer, ...both },
  { name: 'OCPPCommCtrlr.UnlockOnEVSideDisconnect', value: 'true', ...boolean, ...both },
  {
    name: 'OCPPCommCtrlr.WebSocketPingInterval',
    value: '0',
    ...seconds,
    ...both,
    role: 'pingIntervalS',
  },
  { name: 'ReservationCtrlr.Enabled', value: 'true', ...boolean, ...read },
  { name: 'SampledDataCtrlr.TxEndedInterval', value: '0', ...seconds, ...both },
  {
    name: 'SampledDataCtrlr.TxEndedMeasurands',
    value: SAMPLED,
    ...measurands,
    ...both,
    role: 'endMeasurands',
  },
  { name: 'SampledDataCtrlr.TxStartedMeasurands', value: SAMPLED, ...measurands, ...both },
  {
    name: 'SampledDataCtrlr.TxUpdatedInterval',
    value: '60',
    ...seconds,
    ...both,
    role: 'sampleIntervalS',
  },
  {
    name: 'SampledDataCtrlr.TxUpdatedMeasurands',
    value: SAMPLED,
    ...measurands,
    ...both,
    role: 'sampledMeasurands',
  },
  { name: 'SecurityCtrlr.BasicAuthPassword', value: '', ...password, lowest: 16, highest: 40 },
  { name: 'SecurityCtrlr.CertificateEntries', value: '0', ...integer, ...read },
  {
    name: 'SecurityCtrlr.Identity',
    value: '',
    ...string,
    ...both,
    lowest: 1,
    highest: 48,
    needsReboot: true,
  },
  {
    name: 'SecurityCtrlr.OrganizationName',
    value: 'Fleetgrid',
    ...string,
    ...both,
    lowest: 1,
    highest: 255,
  },
  { name: 'SecurityCtrlr.SecurityProfile', value: '1', ...integer, ...read },
  { name: 'SmartChargingCtrlr.Enabled', value: 'true', ...boolean, ...read },
  { name: 'SmartChargingCtrlr.Entries[ChargingProfiles]', value: '50', ...integer, ...read },
  { name: 'SmartChargingCtrlr.LimitChangeSignificance', value: '1', ...integer, ...both },
  { name: 'SmartChargingCtrlr.PeriodsPerSchedule', value: '24', ...integer, ...read },
  { name: 'SmartChargingCtrlr.ProfileStackLevel', value: '10', ...integer, ...read },
  { name: 'SmartChargingCtrlr.RateUnit', value: 'A,W', ...list, ...read },
  { name: 'TxCtrlr.EVConnectionTimeOut', value: '60', ...seconds, ...both },
  { name: 'TxCtrlr.StopTxOnEVSideDisconnect', value: 'true', ...boolean, ...both },
  { name: 'TxCtrlr.StopTxOnInvalidId', value: 'true', ...boolean, ...both, role: 'stopsOnInvalid' },
  { name: 'TxCtrlr.TxStartPoint', value: 'PowerPathClosed', ...list, ...read },
  { name: 'TxCtrlr.TxStopPoint', value: 'PowerPathClosed', ...list, ...read },
]

export const SETTINGS_201 = createCatalog(VARIABLES)
