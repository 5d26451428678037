import type { CertificateHash } from './certificates.ts'
import type {
  AttributeType,
  ChargingProfile,
  Component,
  IdToken,
  IdTokenInfo,
  Place,
  SchedulePeriod,
  VariableName,
} from './v201-messages.ts'

/**
 * What a server asks for in OCPP 2.0.1 (part 2 §1), and what these stations answer: what they leave
 * alone is left out. Tests check it by the schemas.
 */

interface Status<Value extends string> {
  readonly status: Value
}
type YesNo = Status<'Accepted' | 'Rejected'>

export interface CancelReservationRequest {
  readonly reservationId: number
}
export type CancelReservationResponse = YesNo
export interface CertificateSignedRequest {
  readonly certificateChain: string
}
export type CertificateSignedResponse = YesNo
export interface ChangeAvailabilityRequest {
  readonly evse?: Place
  readonly operationalStatus: 'Inoperative' | 'Operative'
}
export type ChangeAvailabilityResponse = Status<'Accepted' | 'Rejected' | 'Scheduled'>
export type ClearCacheResponse = YesNo
export interface ClearChargingProfileRequest {
  readonly chargingProfileId?: number
  readonly chargingProfileCriteria?: {
    readonly evseId?: number
    readonly chargingProfilePurpose?: ChargingProfile['chargingProfilePurpose']
    readonly stackLevel?: number
  }
}
export type ClearChargingProfileResponse = Status<'Accepted' | 'Unknown'>
export interface CustomerInformationRequest {
  readonly customerCertificate?: CertificateHash
  readonly idToken?: IdToken
  readonly requestId: number
  readonly report: boolean
  readonly clear: boolean
  readonly customerIdentifier?: string
}
export type CustomerInformationResponse = Status<'Accepted' | 'Invalid'>
export interface DataTransferRequest {
  readonly messageId?: string
  readonly data?: unknown
  readonly vendorId: string
}
export interface DataTransferResponse
  extends Status<'Accepted' | 'UnknownMessageId' | 'UnknownVendorId'> {
  readonly data?: unknown
}
export interface DeleteCertificateRequest {
  readonly certificateHashData: CertificateHash
}
export type DeleteCertificateResponse = Status<'Accepted' | 'NotFound'>
export interface GetBaseReportRequest {
  readonly requestId: number
  readonly reportBase: 'ConfigurationInventory' | 'FullInventory' | 'SummaryInventory'
}
export type GetBaseReportResponse = Status<'Accepted'>
export interface GetChargingProfilesRequest {
  readonly requestId: number
  readonly evseId?: number
  readonly chargingProfile: {
    readonly chargingProfilePurpose?: ChargingProfile['chargingProfilePurpose']
    readonly stackLevel?: number
    readonly chargingProfileId?: readonly number[]
  }
}
export type GetChargingProfilesResponse = Status<'Accepted' | 'NoProfiles'>
export interface GetCompositeScheduleRequest {
  readonly duration: number
  readonly chargingRateUnit?: 'A' | 'W'
  readonly evseId: number
}
export interface GetCompositeScheduleResponse extends YesNo {
  readonly schedule?: {
    readonly evseId: number
    readonly duration: number
    readonly scheduleStart: string
    readonly chargingRateUnit: 'A' | 'W'
    readonly chargingSchedulePeriod: readonly SchedulePeriod[]
  }
}
export interface GetInstalledCertificateIdsRequest {
  readonly certificateType?: readonly string[]
}
export interface GetInstalledCertificateIdsResponse extends Status<'Accepted' | 'NotFound'> {
  readonly certificateHashDataChain?: readonly {
    readonly certificateType: string
    readonly certificateHashData: CertificateHash
  }[]
}
export interface GetLocalListVersionResponse {
  readonly versionNumber: number
}
export interface GetLogRequest {
  readonly log: { readonly remoteLocation: string }
  readonly logType: 'DiagnosticsLog' | 'SecurityLog'
  readonly requestId: number
}
export interface GetLogResponse extends Status<'Accepted' | 'AcceptedCanceled'> {
  readonly filename: string
}
export interface GetReportRequest {
  readonly componentVariable?: readonly {
    readonly component: Component
    readonly variable?: VariableName
  }[]
  readonly requestId: number
  readonly componentCriteria?: readonly ('Active' | 'Available' | 'Enabled' | 'Problem')[]
}
export type GetReportResponse = Status<'Accepted' | 'EmptyResultSet'>
export interface GetTransactionStatusRequest {
  readonly transactionId?: string
}
export interface GetTransactionStatusResponse {
  readonly ongoingIndicator?: boolean
  readonly messagesInQueue: boolean
}
interface VariableData {
  readonly attributeType?: AttributeType
  readonly component: Component
  readonly variable: VariableName
}
type UnknownVariable = 'UnknownComponent' | 'UnknownVariable' | 'NotSupportedAttributeType'
export interface GetVariablesRequest {
  readonly getVariableData: readonly VariableData[]
}
export interface GetVariablesResponse {
  readonly getVariableResult: readonly (VariableData & {
    readonly attributeStatus: 'Accepted' | 'Rejected' | UnknownVariable
    readonly attributeValue?: string
  })[]
}
export interface InstallCertificateRequest {
  readonly certificateType: string
  readonly certificate: string
}
export type InstallCertificateResponse = Status<'Accepted' | 'Rejected' | 'Failed'>
export interface RequestStartTransactionRequest {
  readonly evseId?: number
  readonly groupIdToken?: IdToken
  readonly idToken: IdToken
  readonly remoteStartId: number
  readonly chargingProfile?: ChargingProfile
}
export type RequestStartTransactionResponse = YesNo
export interface RequestStopTransactionRequest {
  readonly transactionId: string
}
export type RequestStopTransactionResponse = YesNo
export interface ReserveNowRequest {
  readonly id: number
  readonly expiryDateTime: string
  readonly idToken: IdToken
  readonly evseId?: number
  readonly groupIdToken?: IdToken
}
export type ReserveNowResponse = Status<
  'Accepted' | 'Faulted' | 'Occupied' | 'Rejected' | 'Unavailable'
>
export interface ResetRequest {
  readonly type: 'Immediate' | 'OnIdle'
  readonly evseId?: number
}
export type ResetResponse = Status<'Accepted' | 'Rejected' | 'Scheduled'>
export interface SendLocalListRequest {
  readonly localAuthorizationList?: readonly {
    readonly idToken: IdToken
    readonly idTokenInfo?: IdTokenInfo
  }[]
  readonly versionNumber: number
  readonly updateType: 'Differential' | 'Full'
}
export type SendLocalListResponse = Status<'Accepted' | 'Failed' | 'VersionMismatch'>
export interface SetChargingProfileRequest {
  readonly evseId: number
  readonly chargingProfile: ChargingProfile
}
export type SetChargingProfileResponse = YesNo
export interface SetNetworkProfileRequest {
  readonly configurationSlot: number
  readonly connectionData: { readonly ocppVersion: string; readonly ocppTransport: string }
}
export type SetNetworkProfileResponse = YesNo
export interface SetVariablesRequest {
  readonly setVariableData: readonly (VariableData & { readonly attributeValue: string })[]
}
export interface SetVariablesResponse {
  readonly setVariableResult: readonly (VariableData & {
    readonly attributeStatus: 'Accepted' | 'Rejected' | 'RebootRequired' | UnknownVariable
  })[]
}
export interface TriggerMessageRequest {
  readonly evse?: Place
  readonly requestedMessage:
    | ('BootNotification' | 'LogStatusNotification' | 'FirmwareStatusNotification' | 'Heartbeat')
    | ('MeterValues' | 'SignChargingStationCertificate' | 'SignV2GCertificate')
    | ('StatusNotification' | 'TransactionEvent' | 'SignCombinedCertificate')
    | 'PublishFirmwareStatusNotification'
}
export type TriggerMessageResponse = Status<'Accepted' | 'Rejected' | 'NotImplemented'>
export interface UnlockConnectorRequest {
  readonly evseId: number
  readonly connectorId: number
}
export type UnlockConnectorResponse = Status<
  'Unlocked' | 'OngoingAuthorizedTransaction' | 'UnknownConnector'
>
export interface UpdateFirmwareRequest {
  readonly requestId: number
  readonly firmware: {
    readonly location: string
    readonly retrieveDateTime: string
    readonly signingCertificate?: string
    readonly signature?: string
  }
}
export type UpdateFirmwareResponse = Status<'Accepted' | 'AcceptedCanceled' | 'InvalidCertificate'>
