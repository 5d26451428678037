import type { Measurand, Sample } from './samples.ts'

/**
 * What a station says in OCPP 2.0.1 (part 2 §1), and what it reads of the answers: what these
 * stations leave alone is left out. Tests check it by the schemas.
 */

export interface IdToken {
  readonly idToken: string
  /** Passed on as it came: Central, eMAID, ISO14443, … */
  readonly type: string
}
export interface IdTokenInfo {
  readonly status: string
}
export interface Place {
  readonly id: number
  readonly connectorId?: number
}
export interface Component {
  readonly name: string
  readonly instance?: string
  readonly evse?: Place
}
export interface VariableName {
  readonly name: string
  readonly instance?: string
}
export type AttributeType = 'Actual' | 'Target' | 'MinSet' | 'MaxSet'

export interface SchedulePeriod {
  readonly startPeriod: number
  readonly limit: number
  readonly numberPhases?: number
}
export interface ChargingProfile {
  readonly id: number
  readonly stackLevel: number
  readonly chargingProfilePurpose:
    | 'ChargingStationExternalConstraints'
    | 'ChargingStationMaxProfile'
    | 'TxDefaultProfile'
    | 'TxProfile'
  readonly chargingProfileKind: 'Absolute' | 'Recurring' | 'Relative'
  readonly recurrencyKind?: 'Daily' | 'Weekly'
  readonly validFrom?: string
  readonly validTo?: string
  readonly transactionId?: string
  readonly chargingSchedule: readonly {
    readonly startSchedule?: string
    readonly duration?: number
    readonly chargingRateUnit: 'A' | 'W'
    readonly chargingSchedulePeriod: readonly SchedulePeriod[]
  }[]
}

export interface AuthorizeRequest {
  readonly idToken: IdToken
}
export interface AuthorizeResponse {
  readonly idTokenInfo?: IdTokenInfo
}
export interface BootNotificationRequest {
  readonly reason: string
  readonly chargingStation: {
    readonly vendorName: string
    readonly model: string
    readonly serialNumber?: string
    readonly firmwareVersion?: string
    readonly modem?: { readonly iccid?: string }
  }
}
interface MeterValue {
  readonly timestamp: string
  readonly sampledValue: readonly {
    readonly value: number
    readonly context:
      | 'Sample.Clock'
      | 'Sample.Periodic'
      | 'Transaction.Begin'
      | 'Transaction.End'
      | 'Trigger'
    readonly measurand: Measurand
    readonly location: Sample['location']
    readonly unitOfMeasure: { readonly unit: Sample['unit'] }
  }[]
}
export interface NotifyCustomerInformationRequest {
  readonly data: string
  readonly tbc: boolean
  readonly seqNo: number
  readonly generatedAt: string
  readonly requestId: number
}
export interface NotifyEventRequest {
  readonly generatedAt: string
  readonly seqNo: number
  readonly eventData: readonly {
    readonly eventId: number
    readonly timestamp: string
    readonly trigger: 'Alerting'
    readonly actualValue: string
    readonly techCode: string
    readonly cleared: boolean
    readonly eventNotificationType: 'HardWiredNotification'
    readonly component: Component
    readonly variable: VariableName
  }[]
}
export interface NotifyReportRequest {
  readonly requestId: number
  readonly generatedAt: string
  readonly seqNo: number
  readonly tbc: boolean
  readonly reportData: readonly ReportData[]
}
export interface ReportData {
  readonly component: Component
  readonly variable: VariableName
  readonly variableAttribute: readonly {
    readonly type: AttributeType
    readonly value?: string
    readonly mutability: 'ReadOnly' | 'WriteOnly' | 'ReadWrite'
    readonly persistent: boolean
    readonly constant: boolean
  }[]
  readonly variableCharacteristics: {
    readonly dataType: 'string' | 'decimal' | 'integer' | 'boolean' | 'MemberList'
    readonly supportsMonitoring: boolean
    readonly unit?: string
    readonly minLimit?: number
    readonly maxLimit?: number
    readonly valuesList?: string
  }
}
export interface ReportChargingProfilesRequest {
  readonly requestId: number
  readonly chargingLimitSource: 'CSO'
  readonly chargingProfile: readonly ChargingProfile[]
  readonly tbc: boolean
  readonly evseId: number
}
export interface ReservationStatusUpdateRequest {
  readonly reservationId: number
  readonly reservationUpdateStatus: 'Expired' | 'Removed'
}
export interface SecurityEventNotificationRequest {
  readonly type: string
  readonly timestamp: string
}
export interface SignCertificateRequest {
  readonly csr: string
  readonly certificateType: 'ChargingStationCertificate'
}
export interface StatusNotificationRequest {
  readonly timestamp: string
  readonly connectorStatus: 'Available' | 'Occupied' | 'Reserved' | 'Unavailable' | 'Faulted'
  readonly evseId: number
  readonly connectorId: number
}
export interface TransactionEventRequest {
  readonly eventType: 'Started' | 'Updated' | 'Ended'
  readonly timestamp: string
  readonly triggerReason:
    | ('Authorized' | 'CablePluggedIn' | 'ChargingStateChanged' | 'Deauthorized')
    | (
        | 'MeterValueClock'
        | 'MeterValuePeriodic'
        | 'Trigger'
        | 'UnlockCommand'
        | 'StopAuthorized'
        | 'RemoteStop'
      )
    | ('EVCommunicationLost' | 'RemoteStart' | 'AbnormalCondition' | 'ResetCommand')
  readonly seqNo: number
  readonly offline: boolean
  readonly transactionInfo: {
    readonly transactionId: string
    readonly chargingState: 'Charging' | 'EVConnected' | 'SuspendedEV' | 'SuspendedEVSE'
    readonly stoppedReason?:
      | ('DeAuthorized' | 'EVDisconnected' | 'ImmediateReset' | 'Local' | 'Other')
      | ('PowerLoss' | 'Reboot' | 'Remote')
    readonly remoteStartId?: number
  }
  readonly evse?: Place
  readonly idToken?: IdToken
  readonly meterValue?: readonly MeterValue[]
  readonly reservationId?: number
}
export interface TransactionEventResponse {
  readonly idTokenInfo?: IdTokenInfo
}
