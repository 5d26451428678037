import type { Action, ActionTable } from '../action.ts'
import { authorize } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import {
  certificateSigned,
  deleteCertificate,
  getInstalledCertificateIds,
  installCertificate,
} from './certificates.ts'
import { changeAvailability } from './change-availability.ts'
import { clearCache } from './clear-cache.ts'
import { clearChargingProfile } from './clear-charging-profile.ts'
import { customerInformation } from './customer-information.ts'
import { receiveDataTransfer, sendDataTransfer } from './data-transfer.ts'
import { getCompositeSchedule } from './get-composite-schedule.ts'
import { getLog } from './get-log.ts'
import { getTransactionStatus } from './get-transaction-status.ts'
import { heartbeat } from './heartbeat.ts'
import { getLocalListVersion, sendLocalList } from './local-list.ts'
import { meterValues } from './meter-values.ts'
import {
  firmwareStatusNotification,
  logStatusNotification,
  notifyCustomerInformation,
  securityEventNotification,
} from './notifications.ts'
import { notifyEvent } from './notify-event.ts'
import { notifyReport } from './notify-report.ts'
import { getBaseReport, getReport } from './reports.ts'
import { requestStartTransaction } from './request-start-transaction.ts'
import { requestStopTransaction } from './request-stop-transaction.ts'
import { cancelReservation, reserveNow } from './reservations.ts'
import { reset } from './reset.ts'
import { setChargingProfile } from './set-charging-profile.ts'
import { setNetworkProfile } from './set-network-profile.ts'
import { signCertificate } from './sign-certificate.ts'
import { statusNotification } from './status-notification.ts'
import { transactionEvent } from './transaction-event.ts'
import { triggerMessage } from './trigger-message.ts'
import { unlockConnector } from './unlock-connector.ts'
import { updateFirmware } from './update-firmware.ts'
import { getVariables, setVariables } from './variables.ts'

// Known, and not done yet: their place is kept, and who calls one is told NotSupported.

/** A charge point may call it one day. */
export const LATER_FROM: Action = {}
/** We may call it one day. */
export const LATER_TO: Action = {}

/** All 64 actions of OCPP 2.0.1, by the blocks of its part 2. */
// biome-ignore format: a table
export const actions201: ActionTable = {
  // A security
  CertificateSigned:                 { to: certificateSigned },
  SecurityEventNotification:         { from: securityEventNotification },
  SignCertificate:                   { from: signCertificate },

  // B provisioning
  BootNotification:                  { from: bootNotification },
  GetBaseReport:                     { to: getBaseReport },
  GetReport:                         { to: getReport },
  GetVariables:                      { to: getVariables },
  NotifyReport:                      { from: notifyReport },
  Reset:                             { to: reset },
  SetNetworkProfile:                 { to: setNetworkProfile },
  SetVariables:                      { to: setVariables },

  // C authorization, D local list
  Authorize:                         { from: authorize },
  ClearCache:                        { to: clearCache },
  GetLocalListVersion:               { to: getLocalListVersion },
  SendLocalList:                     { to: sendLocalList },

  // E transactions, F remote control
  GetTransactionStatus:              { to: getTransactionStatus },
  RequestStartTransaction:           { to: requestStartTransaction },
  RequestStopTransaction:            { to: requestStopTransaction },
  TransactionEvent:                  { from: transactionEvent },
  TriggerMessage:                    { to: triggerMessage },
  UnlockConnector:                   { to: unlockConnector },

  // G availability, H reservation
  ChangeAvailability:                { to: changeAvailability },
  Heartbeat:                         { from: heartbeat },
  StatusNotification:                { from: statusNotification },
  CancelReservation:                 { to: cancelReservation },
  ReserveNow:                        { to: reserveNow },
  ReservationStatusUpdate:           LATER_FROM,

  // I tariff and cost
  CostUpdated:                       LATER_TO,

  // J metering
  MeterValues:                       { from: meterValues },

  // K smart charging
  ClearChargingProfile:              { to: clearChargingProfile },
  GetCompositeSchedule:              { to: getCompositeSchedule },
  SetChargingProfile:                { to: setChargingProfile },
  ClearedChargingLimit:              LATER_FROM,
  GetChargingProfiles:               LATER_TO,
  NotifyChargingLimit:               LATER_FROM,
  NotifyEVChargingNeeds:             LATER_FROM,
  NotifyEVChargingSchedule:          LATER_FROM,
  ReportChargingProfiles:            LATER_FROM,

  // L firmware
  FirmwareStatusNotification:        { from: firmwareStatusNotification },
  UpdateFirmware:                    { to: updateFirmware },
  PublishFirmware:                   LATER_TO,
  PublishFirmwareStatusNotification: LATER_FROM,
  UnpublishFirmware:                 LATER_TO,

  // M certificates
  DeleteCertificate:                 { to: deleteCertificate },
  GetInstalledCertificateIds:        { to: getInstalledCertificateIds },
  InstallCertificate:                { to: installCertificate },
  Get15118EVCertificate:             LATER_FROM,
  GetCertificateStatus:              LATER_FROM,

  // N diagnostics
  CustomerInformation:               { to: customerInformation },
  GetLog:                            { to: getLog },
  LogStatusNotification:             { from: logStatusNotification },
  NotifyCustomerInformation:         { from: notifyCustomerInformation },
  NotifyEvent:                       { from: notifyEvent },
  ClearVariableMonitoring:           LATER_TO,
  GetMonitoringReport:               LATER_TO,
  NotifyMonitoringReport:            LATER_FROM,
  SetMonitoringBase:                 LATER_TO,
  SetMonitoringLevel:                LATER_TO,
  SetVariableMonitoring:             LATER_TO,

  // O display messages
  ClearDisplayMessage:               LATER_TO,
  GetDisplayMessages:                LATER_TO,
  NotifyDisplayMessages:             LATER_FROM,
  SetDisplayMessage:                 LATER_TO,

  // P data transfer
  DataTransfer:                      { from: receiveDataTransfer, to: sendDataTransfer },
}
