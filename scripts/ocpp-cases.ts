// The certification cases of a CSMS, OCPP 2.0.1 part 5 (which are asked for) and part 6 §3 (what they are
// called): id | actions it is about | name | why no test of ours can be about it.

export interface CertificationCase {
  /** E.g. `TC_E_01`: so a test says that it is about it. */
  readonly id: string
  readonly actions: readonly string[]
  readonly name: string
  /** Set where another part of the system has to do it. */
  readonly elsewhere: string | undefined
}

/** Mandatory for the Core profile. */
export const CORE_CASES = parse(`
TC_A_01 |  | Basic Authentication - Valid username/password combination
TC_A_02 |  | Basic Authentication - Username does not equal ChargingStationId
TC_A_03 |  | Basic Authentication - Invalid password
TC_A_04 |  | TLS - server-side certificate - Valid certificate | TLS ends at the load balancer
TC_A_06 |  | TLS - server-side certificate - TLS version too low | TLS ends at the load balancer
TC_A_09 | SetVariables | Update Charging Station Password for HTTP Basic Authentication - Accepted
TC_A_10 | SetVariables | Update Charging Station Password for HTTP Basic Authentication - Rejected
TC_A_19 | SetNetworkProfile SetVariables Reset | Upgrade Charging Station Security Profile - Accepted
TC_B_01 | BootNotification | Cold Boot Charging Station - Accepted
TC_B_06 | GetVariables | Get Variables - single value
TC_B_09 | SetVariables | Set Variables - single value
TC_B_20 | Reset | Reset Charging Station - Without ongoing transaction - OnIdle
TC_B_21 | Reset | Reset Charging Station - With Ongoing Transaction - OnIdle
TC_B_22 | Reset | Reset Charging Station - With Ongoing Transaction - Immediate
TC_B_42 | SetNetworkProfile | Set new NetworkConnectionProfile - Accepted
TC_B_44 | SetNetworkProfile | Set new NetworkConnectionProfile - Failed
TC_C_02 | Authorize | Local start transaction - Authorization Invalid/Unknown
TC_C_06 | Authorize | Local start transaction - Authorization Blocked
TC_C_07 | Authorize | Local start transaction - Authorization Expired
TC_C_08 | Authorize TransactionEvent | Authorization through authorization cache - Accepted
TC_C_20 | Authorize TransactionEvent | Authorization through authorization cache - Invalid
TC_C_37 | ClearCache | Clear Authorization Data in Authorization Cache - Accepted
TC_C_38 | ClearCache | Clear Authorization Data in Authorization Cache - Rejected
TC_C_39 | Authorize TransactionEvent | Authorization by GroupId - Success
TC_C_47 | Authorize TransactionEvent | Stop Transaction with a Master Pass - With UI - All transactions
TC_C_48 | Authorize TransactionEvent | Stop Transaction with a Master Pass - With UI - Specific transactions
TC_C_49 | Authorize TransactionEvent | Stop Transaction with a Master Pass - Without UI
TC_E_01 | TransactionEvent | Start transaction options - PowerPathClosed
TC_E_02 | TransactionEvent | Start transaction options - EnergyTransfer
TC_E_03 | TransactionEvent | Local start transaction - Cable plugin first - Success
TC_E_04 | TransactionEvent | Local start transaction - Authorization first - Success
TC_E_07 | TransactionEvent | Stop transaction options - PowerPathClosed - Local stop
TC_E_08 | TransactionEvent | Stop transaction options - EnergyTransfer stopped - StopAuthorized
TC_E_09 | TransactionEvent | Start transaction options - EVConnected
TC_E_10 | TransactionEvent | Start transaction options - Authorized - Local
TC_E_11 | TransactionEvent | Start transaction options - DataSigned
TC_E_12 | TransactionEvent | Start transaction options - ParkingBayOccupied
TC_E_14 | TransactionEvent | Stop transaction options - EVDisconnected - Charging Station side
TC_E_15 | TransactionEvent | Stop transaction options - StopAuthorized - Local
TC_E_16 | TransactionEvent | Stop transaction options - Deauthorized - Invalid idToken
TC_E_17 | TransactionEvent | Stop transaction options - Deauthorized - EV side disconnect
TC_E_19 | TransactionEvent | Stop transaction options - ParkingBayUnoccupied
TC_E_20 | TransactionEvent | Stop transaction options - EVDisconnected - EV side (able to charge IEC 61851-1 EV)
TC_E_21 | RequestStopTransaction TransactionEvent | Stop transaction options - StopAuthorized - Remote
TC_E_22 | TransactionEvent | Stop transaction options - EnergyTransfer stopped - SuspendedEV
TC_E_26 | TransactionEvent | Disconnect cable on EV-side - Suspend transaction
TC_E_38 | TransactionEvent | Local start transaction - EV not ready
TC_E_39 | TransactionEvent | Stop transaction options - Deauthorized - timeout
TC_E_53 | TransactionEvent | Reset Sequence Number - CSMS accepting seqNo = 0 at start of transaction
TC_F_01 | RequestStartTransaction TransactionEvent | Remote start transaction - Cable plugin first
TC_F_02 | Authorize RequestStartTransaction TransactionEvent | Remote start transaction - Remote start first - AuthorizeRemoteStart is true
TC_F_03 | RequestStartTransaction TransactionEvent | Remote start transaction - Remote start first - AuthorizeRemoteStart is false
TC_F_04 | RequestStartTransaction TransactionEvent | Remote start transaction - Remote start first - Cable plugin timeout
TC_F_20 | TriggerMessage | Trigger message - Heartbeat
TC_F_27 | TriggerMessage | Trigger message - NotImplemented
TC_G_03 | ChangeAvailability | Change Availability EVSE - Operative to inoperative
TC_G_04 | ChangeAvailability | Change Availability EVSE - Inoperative to operative
TC_G_05 | ChangeAvailability | Change Availability Charging Station - Operative to inoperative
TC_G_06 | ChangeAvailability | Change Availability Charging Station - Inoperative to operative
TC_G_07 | ChangeAvailability | Change Availability Connector - Operative to inoperative
TC_G_08 | ChangeAvailability | Change Availability Connector - Inoperative to operative
TC_G_11 | ChangeAvailability | Change Availability EVSE - With ongoing transaction
TC_G_14 | ChangeAvailability | Change Availability Charging Station - With ongoing transaction
TC_G_17 | ChangeAvailability | Change Availability Connector - With ongoing transaction
TC_G_20 | NotifyEvent | Connector status Notification - Lock Failure
TC_J_01 | MeterValues NotifyEvent | Clock-aligned Meter Values - No transaction ongoing
TC_J_02 | MeterValues TransactionEvent | Clock-aligned Meter Values - Transaction ongoing
TC_J_03 | TransactionEvent | Clock-aligned Meter Values - EventType Ended
TC_J_04 | TransactionEvent | Clock-aligned Meter Values - Signed
TC_J_07 | TransactionEvent | Sampled Meter Values - EventType Started - EVSE known
TC_J_08 | TransactionEvent | Sampled Meter Values - Context Transaction.Begin - EVSE not known
TC_J_09 | TransactionEvent | Sampled Meter Values - EventType Updated
TC_J_10 | TransactionEvent | Sampled Meter Values - EventType Ended
TC_J_11 | TransactionEvent | Sampled Meter Values - Signed
TC_L_01 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - Installation successful
TC_L_04 | UpdateFirmware | Secure Firmware Update - RevokedCertificate
TC_L_05 | UpdateFirmware | Secure Firmware Update - InvalidCertificate
TC_L_06 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - InvalidSignature
TC_L_07 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - DownloadFailed
TC_L_08 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - InstallVerificationFailed
TC_L_09 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - InstallationFailed
TC_L_10 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - AcceptedCanceled
TC_L_11 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - Unable to cancel
TC_L_13 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - Unable to download/install firmware with ongoing transaction - AllowNewSessionsPendingFirmwareUpdate is false
TC_M_01 | InstallCertificate | Install CA certificate - CSMSRootCertificate
TC_M_02 | InstallCertificate | Install CA certificate - ManufacturerRootCertificate
TC_M_05 | InstallCertificate | Install CA certificate - Failed
TC_M_13 | GetInstalledCertificateIds | Retrieve certificates from Charging Station - ManufacturerRootCertificate
TC_M_18 | GetInstalledCertificateIds | Retrieve certificates from Charging Station - All certificateTypes
TC_M_19 | GetInstalledCertificateIds | Retrieve certificates from Charging Station - No matching certificate found
TC_M_20 | DeleteCertificate | Delete a certificate from a Charging Station - Success
TC_M_21 | DeleteCertificate | Delete a certificate from a Charging Station - Failed
TC_N_25 | GetLog LogStatusNotification | Retrieve Log Information - Diagnostics Log - Success
TC_N_27 | CustomerInformation NotifyCustomerInformation | Get Customer Information - Accepted + data
TC_N_28 | CustomerInformation NotifyCustomerInformation | Get Customer Information - Accepted + no data
TC_N_29 | CustomerInformation | Get Customer Information - Not Accepted
TC_N_30 | CustomerInformation NotifyCustomerInformation | Clear Customer Information - Clear and report + data
TC_N_31 | CustomerInformation NotifyCustomerInformation | Clear Customer Information - Clear and report + no data
TC_N_32 | CustomerInformation | Clear Customer Information - Clear and no report
TC_N_34 | GetLog | Retrieve Log Information - Rejected
TC_N_35 | GetLog LogStatusNotification | Retrieve Log Information - Security Log - Success
TC_N_36 | GetLog LogStatusNotification | Retrieve Log Information - Second Request
TC_P_02 | DataTransfer | Data Transfer to the CSMS - Rejected / Unknown VendorId / Unknown MessageId
TC_P_03 | StatusNotification TransactionEvent | CustomData - Receive custom data
`)

/** Of optional features of Core: C-11, C-13, C-14, C-15, C-16, C-17, C-29, C-44, C-45, C-46, C-50. */
export const OPTIONAL_CASES = parse(`
TC_B_02 | BootNotification | Cold Boot Charging Station - Pending
TC_B_30 | BootNotification | Cold Boot Charging Station - Pending/Rejected - SecurityError
TC_B_31 | TriggerMessage BootNotification | Cold Boot Charging Station - Pending/Rejected - TriggerMessage
TC_B_07 | GetVariables | Get Variables - multiple values
TC_B_10 | SetVariables | Set Variables - multiple values
TC_B_12 | GetBaseReport NotifyReport | Get Base Report - ConfigurationInventory
TC_B_13 | GetBaseReport NotifyReport | Get Base Report - FullInventory
TC_B_25 | Reset | Reset EVSE - Without ongoing transaction
TC_B_26 | Reset | Reset EVSE - With Ongoing Transaction - OnIdle
TC_B_27 | Reset | Reset EVSE - With Ongoing Transaction - Immediate
TC_E_29 | GetTransactionStatus | Check Transaction status - Transaction with id ongoing - with message in queue
TC_E_30 | GetTransactionStatus | Check Transaction status - Transaction with id ongoing - without message in queue
TC_E_31 | GetTransactionStatus | Check Transaction status - Transaction with id ended - with message in queue
TC_E_33 | GetTransactionStatus | Check Transaction status - Without transactionId - with message in queue
TC_E_34 | GetTransactionStatus | Check Transaction status - Without transactionId - without message in queue
TC_F_06 | UnlockConnector | Remote unlock Connector - Without ongoing transaction - Accepted
TC_F_11 | TriggerMessage | Trigger message - MeterValues - Specific EVSE
TC_F_12 | TriggerMessage | Trigger message - MeterValues - All EVSE
TC_F_13 | TriggerMessage | Trigger message - TransactionEvent - Specific EVSE
TC_F_14 | TriggerMessage | Trigger message - TransactionEvent - All EVSE
TC_F_15 | TriggerMessage | Trigger message - LogStatusNotification - Idle
TC_F_18 | TriggerMessage | Trigger message - FirmwareStatusNotification - Idle
TC_F_23 | TriggerMessage | Trigger message - StatusNotification - Specific EVSE - Available
TC_F_24 | TriggerMessage | Trigger message - StatusNotification - Specific EVSE - Occupied
TC_L_02 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - InstallScheduled
TC_L_03 | UpdateFirmware FirmwareStatusNotification | Secure Firmware Update - DownloadScheduled
TC_N_62 | CustomerInformation NotifyCustomerInformation | Clear Customer Information - Clear and report - customerIdentifier
`)

/** Mandatory for Advanced Security. */
export const ADVANCED_SECURITY_CASES = parse(`
TC_A_07 |  | TLS - Client-side certificate - valid certificate
TC_A_08 |  | TLS - Client-side certificate - Invalid certificate
TC_A_11 | TriggerMessage SignCertificate CertificateSigned | Update Charging Station Certificate by request of CSMS - Success - Charging Station Certificate
TC_A_14 | CertificateSigned SignCertificate TriggerMessage | Update Charging Station Certificate by request of CSMS - Invalid certificate
TC_A_15 | SignCertificate | Update Charging Station Certificate by request of CSMS - SignCertificateRequest Rejected
`)

function parse(text: string): readonly CertificationCase[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const parts = line.split('|').map((part) => part.trim())
      const [id = '', actions = '', name = '', elsewhere] = parts
      return { id, actions: actions.split(' ').filter((action) => action !== ''), name, elsewhere }
    })
}
