import { MEASURANDS } from './samples.ts'
import { createCatalog, type Setting } from './settings.ts'

/** The configuration keys of a station that speaks OCPP 1.6, as its vendor delivers it; §9. */

const SAMPLED = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC'
const ENERGY = 'Energy.Active.Import.Register'
const FEATURES =
  'Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger'

const both = { access: 'both' } as const
const read = { access: 'read' } as const
const integer = { type: 'integer' } as const
const boolean = { type: 'boolean' } as const
const list = { type: 'list' } as const
const string = { type: 'string' } as const
const measurands = { ...list, members: MEASURANDS }

const KEYS: readonly Setting[] = [
  // Core
  {
    name: 'AllowOfflineTxForUnknownId',
    value: 'false',
    ...boolean,
    ...both,
    role: 'allowsUnknownOffline',
  },
  { name: 'AuthorizationCacheEnabled', value: 'true', ...boolean, ...both },
  {
    name: 'AuthorizeRemoteTxRequests',
    value: 'false',
    ...boolean,
    ...both,
    role: 'authorizesRemote',
  },
  { name: 'BlinkRepeat', value: '3', ...integer, ...both },
  { name: 'ClockAlignedDataInterval', value: '0', ...integer, ...both, role: 'alignedIntervalS' },
  { name: 'ConnectionTimeOut', value: '60', ...integer, ...both },
  { name: 'ConnectorPhaseRotation', value: '0.RST,1.RST,2.RST', ...string, ...both },
  { name: 'ConnectorPhaseRotationMaxLength', value: '9', ...integer, ...read },
  { name: 'GetConfigurationMaxKeys', value: '60', ...integer, ...read },
  { name: 'HeartbeatInterval', value: '300', ...integer, ...both, role: 'heartbeatIntervalS' },
  { name: 'LightIntensity', value: '80', ...integer, ...both, highest: 100 },
  { name: 'LocalAuthorizeOffline', value: 'true', ...boolean, ...both },
  { name: 'LocalPreAuthorize', value: 'false', ...boolean, ...both, role: 'localPreAuthorize' },
  { name: 'MaxEnergyOnInvalidId', value: '0', ...integer, ...both },
  {
    name: 'MeterValuesAlignedData',
    value: ENERGY,
    ...measurands,
    ...both,
    role: 'alignedMeasurands',
  },
  { name: 'MeterValuesAlignedDataMaxLength', value: '6', ...integer, ...read },
  {
    name: 'MeterValuesSampledData',
    value: SAMPLED,
    ...measurands,
    ...both,
    role: 'sampledMeasurands',
  },
  { name: 'MeterValuesSampledDataMaxLength', value: '6', ...integer, ...read },
  { name: 'MeterValueSampleInterval', value: '60', ...integer, ...both, role: 'sampleIntervalS' },
  { name: 'MinimumStatusDuration', value: '0', ...integer, ...both },
  { name: 'NumberOfConnectors', value: '2', ...integer, ...read },
  { name: 'ResetRetries', value: '3', ...integer, ...both },
  { name: 'StopTransactionOnEVSideDisconnect', value: 'true', ...boolean, ...both },
  {
    name: 'StopTransactionOnInvalidId',
    value: 'true',
    ...boolean,
    ...both,
    role: 'stopsOnInvalid',
  },
  { name: 'StopTxnAlignedData', value: '', ...measurands, ...both },
  { name: 'StopTxnAlignedDataMaxLength', value: '6', ...integer, ...read },
  { name: 'StopTxnSampledData', value: '', ...measurands, ...both, role: 'endMeasurands' },
  { name: 'StopTxnSampledDataMaxLength', value: '6', ...integer, ...read },
  { name: 'SupportedFeatureProfiles', value: FEATURES, ...list, ...read },
  { name: 'SupportedFeatureProfilesMaxLength', value: '6', ...integer, ...read },
  {
    name: 'TransactionMessageAttempts',
    value: '3',
    ...integer,
    ...both,
    lowest: 1,
    role: 'attemptsMax',
  },
  {
    name: 'TransactionMessageRetryInterval',
    value: '60',
    ...integer,
    ...both,
    role: 'retryIntervalS',
  },
  { name: 'UnlockConnectorOnEVSideDisconnect', value: 'true', ...boolean, ...both },
  { name: 'WebSocketPingInterval', value: '0', ...integer, ...both, role: 'pingIntervalS' },
  // Local list, reservation, smart charging
  { name: 'LocalAuthListEnabled', value: 'true', ...boolean, ...both, role: 'localListEnabled' },
  { name: 'LocalAuthListMaxLength', value: '10000', ...integer, ...read },
  { name: 'SendLocalListMaxLength', value: '500', ...integer, ...read },
  { name: 'ReserveConnectorZeroSupported', value: 'false', ...boolean, ...read },
  { name: 'ChargeProfileMaxStackLevel', value: '10', ...integer, ...read },
  { name: 'ChargingScheduleAllowedChargingRateUnit', value: 'Current,Power', ...list, ...read },
  { name: 'ChargingScheduleMaxPeriods', value: '24', ...integer, ...read },
  { name: 'ConnectorSwitch3to1PhaseSupported', value: 'false', ...boolean, ...read },
  { name: 'MaxChargingProfilesInstalled', value: '50', ...integer, ...read },
  // Security whitepaper
  { name: 'AdditionalRootCertificateCheck', value: 'false', ...boolean, ...read },
  {
    name: 'AuthorizationKey',
    value: '',
    ...string,
    access: 'write',
    lowest: 32,
    highest: 40,
    role: 'password',
  },
  { name: 'CertificateSignedMaxChainSize', value: '10000', ...integer, ...read },
  { name: 'CertificateStoreMaxLength', value: '20', ...integer, ...read },
  { name: 'CpoName', value: '', ...string, ...both, highest: 255 },
  { name: 'SecurityProfile', value: '0', ...integer, ...both, highest: 3, needsReboot: true },
]

export const SETTINGS_16 = createCatalog(KEYS)
