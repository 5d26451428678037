import type { CertificateHash } from './certificates.ts'
import type { Measurand, Sample } from './samples.ts'

/**
 * The messages of OCPP 1.6 (edition 2 §6, security whitepaper §5), as far as these stations read or
 * write them: what they leave alone is left out. Tests check them by the schemas.
 */

interface Status<Value extends string> {
  readonly status: Value
}
type YesNo = Status<'Accepted' | 'Rejected'>

// What a station says

interface IdTagInfo {
  readonly status: 'Accepted' | 'Blocked' | 'Expired' | 'Invalid' | 'ConcurrentTx'
}
export interface AuthorizeRequest {
  readonly idTag: string
}
export interface AuthorizeResponse {
  readonly idTagInfo?: IdTagInfo
}
export interface BootNotificationRequest {
  readonly chargePointVendor: string
  readonly chargePointModel: string
  readonly chargePointSerialNumber?: string
  readonly firmwareVersion?: string
  readonly iccid?: string
  readonly meterType?: string
  readonly meterSerialNumber?: string
}
interface SampledValue {
  readonly value: string
  readonly context: 'Sample.Clock' | 'Sample.Periodic' | 'Transaction.End' | 'Trigger'
  readonly measurand: Measurand
  readonly unit: Sample['unit']
  readonly location: Sample['location']
}
interface MeterValue {
  readonly timestamp: string
  readonly sampledValue: readonly SampledValue[]
}
export interface MeterValuesRequest {
  readonly connectorId: number
  readonly transactionId?: number
  readonly meterValue: readonly MeterValue[]
}
export interface SecurityEventNotificationRequest {
  readonly type: string
  readonly timestamp: string
}
export interface SignCertificateRequest {
  readonly csr: string
}
export interface StartTransactionRequest {
  readonly connectorId: number
  readonly idTag: string
  readonly meterStart: number
  readonly reservationId?: number
  readonly timestamp: string
}
export interface StartTransactionResponse {
  readonly idTagInfo?: IdTagInfo
  readonly transactionId: number
}
export interface StatusNotificationRequest {
  readonly connectorId: number
  readonly errorCode: string
  readonly status: string
  readonly timestamp: string
}
export interface StopTransactionRequest {
  readonly idTag?: string
  readonly meterStop: number
  readonly timestamp: string
  readonly transactionId: number
  readonly reason:
    | ('DeAuthorized' | 'EVDisconnected' | 'HardReset' | 'Local' | 'Other' | 'PowerLoss')
    | ('Reboot' | 'Remote' | 'SoftReset' | 'UnlockCommand')
  readonly transactionData?: readonly MeterValue[]
}

// What a server asks for

export interface CancelReservationRequest {
  readonly reservationId: number
}
export type CancelReservationResponse = YesNo
export interface CertificateSignedRequest {
  readonly certificateChain: string
}
export type CertificateSignedResponse = YesNo
export interface ChangeAvailabilityRequest {
  readonly connectorId: number
  readonly type: 'Inoperative' | 'Operative'
}
export type ChangeAvailabilityResponse = Status<'Accepted' | 'Rejected' | 'Scheduled'>
export interface ChangeConfigurationRequest {
  readonly key: string
  readonly value: string
}
export type ChangeConfigurationResponse = Status<
  'Accepted' | 'Rejected' | 'RebootRequired' | 'NotSupported'
>
export type ClearCacheResponse = YesNo
interface ChargingProfile {
  readonly chargingProfileId: number
  readonly stackLevel: number
  readonly chargingProfilePurpose: 'ChargePointMaxProfile' | 'TxDefaultProfile' | 'TxProfile'
  readonly chargingProfileKind: 'Absolute' | 'Recurring' | 'Relative'
  readonly recurrencyKind?: 'Daily' | 'Weekly'
  readonly validFrom?: string
  readonly validTo?: string
  readonly chargingSchedule: ChargingSchedule & { readonly startSchedule?: string }
}
interface ChargingSchedule {
  readonly duration?: number
  readonly chargingRateUnit: 'A' | 'W'
  readonly chargingSchedulePeriod: readonly {
    readonly startPeriod: number
    readonly limit: number
    readonly numberPhases?: number
  }[]
}
export interface ClearChargingProfileRequest {
  readonly id?: number
  readonly connectorId?: number
  readonly chargingProfilePurpose?: ChargingProfile['chargingProfilePurpose']
  readonly stackLevel?: number
}
export type ClearChargingProfileResponse = Status<'Accepted' | 'Unknown'>
export interface DataTransferRequest {
  readonly vendorId: string
  readonly messageId?: string
  readonly data?: string
}
export interface DataTransferResponse
  extends Status<'Accepted' | 'UnknownMessageId' | 'UnknownVendorId'> {
  readonly data?: string
}
export interface DeleteCertificateRequest {
  readonly certificateHashData: CertificateHash
}
export type DeleteCertificateResponse = Status<'Accepted' | 'NotFound'>
export interface ExtendedTriggerMessageRequest {
  readonly requestedMessage:
    | ('BootNotification' | 'LogStatusNotification' | 'FirmwareStatusNotification' | 'Heartbeat')
    | ('MeterValues' | 'SignChargePointCertificate' | 'StatusNotification')
  readonly connectorId?: number
}
export type ExtendedTriggerMessageResponse = Status<'Accepted' | 'Rejected' | 'NotImplemented'>
export interface GetCompositeScheduleRequest {
  readonly connectorId: number
  readonly duration: number
  readonly chargingRateUnit?: 'A' | 'W'
}
export interface GetCompositeScheduleResponse extends YesNo {
  readonly connectorId?: number
  readonly scheduleStart?: string
  readonly chargingSchedule?: ChargingSchedule
}
export interface GetConfigurationRequest {
  readonly key?: readonly string[]
}
export interface GetConfigurationResponse {
  readonly configurationKey: readonly {
    readonly key: string
    readonly readonly: boolean
    readonly value?: string
  }[]
  readonly unknownKey?: readonly string[]
}
export interface GetDiagnosticsRequest {
  readonly location: string
}
export interface GetDiagnosticsResponse {
  readonly fileName: string
}
export interface GetInstalledCertificateIdsRequest {
  readonly certificateType: InstallCertificateRequest['certificateType']
}
export interface GetInstalledCertificateIdsResponse extends Status<'Accepted' | 'NotFound'> {
  readonly certificateHashData?: readonly CertificateHash[]
}
export interface GetLocalListVersionResponse {
  readonly listVersion: number
}
export interface GetLogRequest {
  readonly log: { readonly remoteLocation: string }
  readonly logType: 'DiagnosticsLog' | 'SecurityLog'
  readonly requestId: number
}
export interface GetLogResponse extends Status<'Accepted' | 'AcceptedCanceled'> {
  readonly filename: string
}
export interface InstallCertificateRequest {
  readonly certificateType: 'CentralSystemRootCertificate' | 'ManufacturerRootCertificate'
  readonly certificate: string
}
export type InstallCertificateResponse = Status<'Accepted' | 'Failed' | 'Rejected'>
export interface RemoteStartTransactionRequest {
  readonly connectorId?: number
  readonly idTag: string
  readonly chargingProfile?: ChargingProfile
}
export type RemoteStartTransactionResponse = YesNo
export interface RemoteStopTransactionRequest {
  readonly transactionId: number
}
export type RemoteStopTransactionResponse = YesNo
export interface ReserveNowRequest {
  readonly connectorId: number
  readonly expiryDate: string
  readonly idTag: string
  readonly parentIdTag?: string
  readonly reservationId: number
}
export type ReserveNowResponse = Status<
  'Accepted' | 'Faulted' | 'Occupied' | 'Rejected' | 'Unavailable'
>
export interface ResetRequest {
  readonly type: 'Hard' | 'Soft'
}
export type ResetResponse = YesNo
export interface SendLocalListRequest {
  readonly listVersion: number
  readonly localAuthorizationList?: readonly {
    readonly idTag: string
    readonly idTagInfo?: IdTagInfo
  }[]
  readonly updateType: 'Differential' | 'Full'
}
export type SendLocalListResponse = Status<
  'Accepted' | 'Failed' | 'NotSupported' | 'VersionMismatch'
>
export interface SetChargingProfileRequest {
  readonly connectorId: number
  readonly csChargingProfiles: ChargingProfile
}
export type SetChargingProfileResponse = YesNo
export interface SignedUpdateFirmwareRequest {
  readonly requestId: number
  readonly firmware: {
    readonly location: string
    readonly retrieveDateTime: string
    readonly signingCertificate: string
  }
}
export type SignedUpdateFirmwareResponse = Status<
  'Accepted' | 'AcceptedCanceled' | 'InvalidCertificate'
>
export interface TriggerMessageRequest {
  readonly requestedMessage:
    | ('BootNotification' | 'DiagnosticsStatusNotification' | 'FirmwareStatusNotification')
    | ('Heartbeat' | 'MeterValues' | 'StatusNotification')
  readonly connectorId?: number
}
export type TriggerMessageResponse = Status<'Accepted' | 'Rejected' | 'NotImplemented'>
export interface UnlockConnectorRequest {
  readonly connectorId: number
}
export type UnlockConnectorResponse = Status<'Unlocked' | 'NotSupported'>
export interface UpdateFirmwareRequest {
  readonly location: string
  readonly retrieveDate: string
}
export type UpdateFirmwareResponse = Readonly<Record<string, never>>
