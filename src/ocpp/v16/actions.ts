import type { ActionTable } from '../action.ts'
import { authorize } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import {
  certificateSigned,
  deleteCertificate,
  getInstalledCertificateIds,
  installCertificate,
} from './certificates.ts'
import {
  clearChargingProfile,
  getCompositeSchedule,
  setChargingProfile,
} from './charging-profiles.ts'
import { clearCache } from './clear-cache.ts'
import { changeConfiguration, getConfiguration } from './configuration.ts'
import { changeAvailability, unlockConnector } from './connectors.ts'
import { receiveDataTransfer, sendDataTransfer } from './data-transfer.ts'
import { signedUpdateFirmware, updateFirmware } from './firmware.ts'
import { heartbeat } from './heartbeat.ts'
import { getLocalListVersion, sendLocalList } from './local-list.ts'
import { getDiagnostics, getLog } from './logs.ts'
import { meterValues } from './meter-values.ts'
import {
  diagnosticsStatusNotification,
  firmwareStatusNotification,
  logStatusNotification,
  securityEventNotification,
  signedFirmwareStatusNotification,
} from './notifications.ts'
import { remoteStartTransaction, remoteStopTransaction } from './remote-transactions.ts'
import { cancelReservation, reserveNow } from './reservations.ts'
import { reset } from './reset.ts'
import { signCertificate } from './sign-certificate.ts'
import { startTransaction } from './start-transaction.ts'
import { statusNotification } from './status-notification.ts'
import { stopTransaction } from './stop-transaction.ts'
import { extendedTriggerMessage, triggerMessage } from './trigger-message.ts'

// What passes through here: every action of OCPP 1.6J and of its security whitepaper. `from` a charge
// point: its message → a service of src/charging → our answer. `to` a charge point: a command → our
// message, its answer → what came of the command.

// biome-ignore format: a table
export const actions16: ActionTable = {
  // Core
  Authorize:                      { from: authorize },
  BootNotification:               { from: bootNotification },
  ChangeAvailability:             { to: changeAvailability },
  ChangeConfiguration:            { to: changeConfiguration },
  ClearCache:                     { to: clearCache },
  DataTransfer:                   { from: receiveDataTransfer, to: sendDataTransfer },
  GetConfiguration:               { to: getConfiguration },
  Heartbeat:                      { from: heartbeat },
  MeterValues:                    { from: meterValues },
  RemoteStartTransaction:         { to: remoteStartTransaction },
  RemoteStopTransaction:          { to: remoteStopTransaction },
  Reset:                          { to: reset },
  StartTransaction:               { from: startTransaction },
  StatusNotification:             { from: statusNotification },
  StopTransaction:                { from: stopTransaction },
  UnlockConnector:                { to: unlockConnector },

  // Firmware management
  DiagnosticsStatusNotification:  { from: diagnosticsStatusNotification },
  FirmwareStatusNotification:     { from: firmwareStatusNotification },
  GetDiagnostics:                 { to: getDiagnostics },
  UpdateFirmware:                 { to: updateFirmware },

  // Local list
  GetLocalListVersion:            { to: getLocalListVersion },
  SendLocalList:                  { to: sendLocalList },

  // Reservation
  CancelReservation:              { to: cancelReservation },
  ReserveNow:                     { to: reserveNow },

  // Smart charging
  ClearChargingProfile:           { to: clearChargingProfile },
  GetCompositeSchedule:           { to: getCompositeSchedule },
  SetChargingProfile:             { to: setChargingProfile },

  // Remote trigger
  TriggerMessage:                 { to: triggerMessage },

  // Security whitepaper
  CertificateSigned:              { to: certificateSigned },
  DeleteCertificate:              { to: deleteCertificate },
  ExtendedTriggerMessage:         { to: extendedTriggerMessage },
  GetInstalledCertificateIds:     { to: getInstalledCertificateIds },
  GetLog:                         { to: getLog },
  InstallCertificate:             { to: installCertificate },
  LogStatusNotification:          { from: logStatusNotification },
  SecurityEventNotification:      { from: securityEventNotification },
  SignCertificate:                { from: signCertificate },
  SignedFirmwareStatusNotification: { from: signedFirmwareStatusNotification },
  SignedUpdateFirmware:           { to: signedUpdateFirmware },
}
