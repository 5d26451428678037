import { Certificates, looksLikeCertificate } from './certificates.ts'
import { type CommandTable, type Reply, reply } from './commands.ts'
import type { Evse } from './evse.ts'
import { availabilityOutcome, cancelReservation, reserve } from './operations.ts'
import type { Station } from './station.ts'
import { trigger } from './trigger.ts'
import { createProfileCommands, readProfile } from './v201-profiles.ts'
import { createReportCommands } from './v201-reports.ts'
import type * as Asked from './v201-requests.ts'
import type { Wire201 } from './v201-wire.ts'
import type { Trigger } from './wire.ts'

/** The calls that an OCPP 2.0.1 server may make: Core, and of the rest what a simple station has. */

type CertificateUse = Asked.InstallCertificateRequest['certificateType']

const VENDOR = 'Fleetgrid.Simulator'
const NETWORK_SLOTS = 3

const TRIGGERS: Partial<Record<Asked.TriggerMessageRequest['requestedMessage'], Trigger>> = {
  BootNotification: 'boot',
  LogStatusNotification: 'logStatus',
  FirmwareStatusNotification: 'firmwareStatus',
  Heartbeat: 'heartbeat',
  MeterValues: 'meterValues',
  SignChargingStationCertificate: 'certificateRequest',
  StatusNotification: 'status',
  TransactionEvent: 'transaction',
}

export function createCommands201(station: Station, wire: Wire201): CommandTable {
  return {
    ...createTransactionCommands(station, wire),
    ...createListCommands(station),
    ...createReportCommands(station, wire),
    ...createProfileCommands(station, wire),
    ...createOperatorCommands(station),
    ...createJobCommands(station),
    ...createCertificateCommands(),
  }
}

function createTransactionCommands(station: Station, wire: Wire201) {
  return {
    RequestStartTransaction(
      request: Asked.RequestStartTransactionRequest,
    ): Reply<Asked.RequestStartTransactionResponse> {
      const { evseId, idToken, groupIdToken, remoteStartId, chargingProfile } = request
      const token = idToken.idToken
      const group = groupIdToken?.idToken
      const evse =
        evseId === undefined
          ? station.evses.find((evse) => evse.canStart(token, group))
          : station.findEvse(evseId)
      // F01.FR.11: only for the transaction that is to start.
      const isMisplaced = (chargingProfile?.chargingProfilePurpose ?? 'TxProfile') !== 'TxProfile'
      if (!station.isAccepted || evse?.canStart(token, group) !== true || isMisplaced) {
        return reply({ status: 'Rejected' })
      }
      if (chargingProfile !== undefined) station.profiles.set(readProfile(evse.id, chargingProfile))
      wire.rememberToken(idToken)
      return reply({ status: 'Accepted' }, () =>
        evse.startRemotely({ token, group, remoteStartId }),
      )
    },
    RequestStopTransaction({
      transactionId,
    }: Asked.RequestStopTransactionRequest): Reply<Asked.RequestStopTransactionResponse> {
      const evse = station.findTransaction(transactionId)
      if (evse === undefined) return reply({ status: 'Rejected' })
      return reply({ status: 'Accepted' }, () => evse.stop('remote'))
    },
    GetTransactionStatus({
      transactionId,
    }: Asked.GetTransactionStatusRequest): Reply<Asked.GetTransactionStatusResponse> {
      const messagesInQueue = station.queue.size > 0
      if (transactionId === undefined) return reply({ messagesInQueue })
      const ongoingIndicator = station.findTransaction(transactionId) !== undefined
      return reply({ ongoingIndicator, messagesInQueue })
    },
    UnlockConnector({
      evseId,
      connectorId,
    }: Asked.UnlockConnectorRequest): Reply<Asked.UnlockConnectorResponse> {
      const evse = station.findEvse(evseId)
      if (evse === undefined || connectorId !== 1) return reply({ status: 'UnknownConnector' })
      if (evse.transaction !== undefined) return reply({ status: 'OngoingAuthorizedTransaction' })
      return reply({ status: 'Unlocked' }, () => evse.release())
    },
    ReserveNow(request: Asked.ReserveNowRequest): Reply<Asked.ReserveNowResponse> {
      const { id, evseId, expiryDateTime, idToken, groupIdToken } = request
      const isAvailable = ({ state }: Evse) => state === 'Available'
      const evse = evseId === undefined ? station.evses.find(isAvailable) : station.findEvse(evseId)
      if (evseId === undefined && evse === undefined) return reply({ status: 'Occupied' })
      return reserve(station, evse, {
        id,
        token: idToken.idToken,
        group: groupIdToken?.idToken,
        expiresAt: Date.parse(expiryDateTime),
      })
    },
    CancelReservation({
      reservationId,
    }: Asked.CancelReservationRequest): Reply<Asked.CancelReservationResponse> {
      return cancelReservation(station, reservationId)
    },
  }
}

function createListCommands(station: Station) {
  return {
    SendLocalList(request: Asked.SendLocalListRequest): Reply<Asked.SendLocalListResponse> {
      const { versionNumber, updateType, localAuthorizationList = [] } = request
      if (!station.settings.isOn('localListEnabled')) return reply({ status: 'Failed' })
      const entries = localAuthorizationList.map(({ idToken, idTokenInfo }) => ({
        token: idToken.idToken,
        status: idTokenInfo?.status,
      }))
      const list = station.localList
      if (updateType === 'Full') return reply({ status: list.replace(versionNumber, entries) })
      return reply({ status: list.update(versionNumber, entries) })
    },
    GetLocalListVersion: (): Reply<Asked.GetLocalListVersionResponse> =>
      reply({ versionNumber: station.localList.version }),
    ClearCache(): Reply<Asked.ClearCacheResponse> {
      station.localList.forgetAll()
      return reply({ status: 'Accepted' })
    },
  }
}

function createOperatorCommands(station: Station) {
  return {
    ChangeAvailability({
      evse: place,
      operationalStatus,
    }: Asked.ChangeAvailabilityRequest): Reply<Asked.ChangeAvailabilityResponse> {
      const evse = station.findEvse(place?.id)
      const isUnknown =
        place !== undefined && (evse === undefined || (place.connectorId ?? 1) !== 1)
      if (isUnknown) return reply({ status: 'Rejected' })
      const isOperative = operationalStatus === 'Operative'
      return reply({ status: availabilityOutcome(station, evse, isOperative) }, () =>
        (evse ?? station).setOperative(isOperative),
      )
    },
    Reset({ type, evseId }: Asked.ResetRequest): Reply<Asked.ResetResponse> {
      // It can only restart as a whole.
      if (evseId !== undefined) return reply({ status: 'Rejected' })
      if (type === 'OnIdle') {
        const status = station.charging === 0 ? 'Accepted' : 'Scheduled'
        return reply({ status }, () => station.restartWhenIdle())
      }
      return reply({ status: 'Accepted' }, () => station.restart('hardReset', 'RemoteReset'))
    },
    TriggerMessage({
      requestedMessage,
      evse: place,
    }: Asked.TriggerMessageRequest): Reply<Asked.TriggerMessageResponse> {
      const what = TRIGGERS[requestedMessage]
      const evse = station.findEvse(place?.id)
      if (what === undefined) return reply({ status: 'NotImplemented' })
      if (place !== undefined && evse === undefined) return reply({ status: 'Rejected' })
      return reply({ status: 'Accepted' }, () => trigger(station, what, evse))
    },
    SetNetworkProfile({
      configurationSlot,
      connectionData,
    }: Asked.SetNetworkProfileRequest): Reply<Asked.SetNetworkProfileResponse> {
      const { ocppTransport, ocppVersion } = connectionData
      const isSlot = configurationSlot >= 1 && configurationSlot <= NETWORK_SLOTS
      const isSpoken = ocppTransport === 'JSON' && ocppVersion === 'OCPP20'
      return reply({ status: isSlot && isSpoken ? 'Accepted' : 'Rejected' })
    },
    DataTransfer(request: Asked.DataTransferRequest): Reply<Asked.DataTransferResponse> {
      if (request.vendorId !== VENDOR) return reply({ status: 'UnknownVendorId' })
      if (request.messageId !== 'Echo') return reply({ status: 'UnknownMessageId' })
      return reply({
        status: 'Accepted',
        ...(request.data === undefined ? {} : { data: request.data }),
      })
    },
  }
}

function createJobCommands(station: Station) {
  return {
    UpdateFirmware({
      requestId,
      firmware,
    }: Asked.UpdateFirmwareRequest): Reply<Asked.UpdateFirmwareResponse> {
      const { signingCertificate, signature, location, retrieveDateTime } = firmware
      if (signingCertificate !== undefined && !looksLikeCertificate(signingCertificate)) {
        return reply({ status: 'InvalidCertificate' })
      }
      const status = station.jobs.isRunning('firmware') ? 'AcceptedCanceled' : 'Accepted'
      const job = {
        kind: 'firmware',
        isSigned: signature !== undefined,
        requestId,
        location,
      } as const
      return reply({ status }, () => station.jobs.start(job, Date.parse(retrieveDateTime)))
    },
    GetLog({ log, logType, requestId }: Asked.GetLogRequest): Reply<Asked.GetLogResponse> {
      const status = station.jobs.isRunning('log') ? 'AcceptedCanceled' : 'Accepted'
      const job = { kind: 'log', isSigned: true, requestId, location: log.remoteLocation } as const
      return reply({ status, filename: `${station.identity.id}-${logType}.log` }, () =>
        station.jobs.start(job),
      )
    },
  }
}

function createCertificateCommands() {
  const certificates = new Certificates<string>()
  return {
    InstallCertificate: ({
      certificateType,
      certificate,
    }: Asked.InstallCertificateRequest): Reply<Asked.InstallCertificateResponse> =>
      reply({ status: certificates.install(certificateType, certificate) }),
    DeleteCertificate: ({
      certificateHashData,
    }: Asked.DeleteCertificateRequest): Reply<Asked.DeleteCertificateResponse> =>
      reply({ status: certificates.delete(certificateHashData) }),
    GetInstalledCertificateIds({
      certificateType,
    }: Asked.GetInstalledCertificateIdsRequest): Reply<Asked.GetInstalledCertificateIdsResponse> {
      const certificateHashDataChain = certificates.list(certificateType).map(({ use, hash }) => ({
        certificateType: use as CertificateUse,
        certificateHashData: hash,
      }))
      if (certificateHashDataChain.length === 0) return reply({ status: 'NotFound' })
      return reply({ status: 'Accepted', certificateHashDataChain })
    },
    CertificateSigned: ({
      certificateChain,
    }: Asked.CertificateSignedRequest): Reply<Asked.CertificateSignedResponse> =>
      reply({ status: looksLikeCertificate(certificateChain) ? 'Accepted' : 'Rejected' }),
  }
}
