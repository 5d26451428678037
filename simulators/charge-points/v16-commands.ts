import { Certificates, looksLikeCertificate } from './certificates.ts'
import { type CommandTable, type Reply, reply } from './commands.ts'
import { availabilityOutcome, cancelReservation, reserve } from './operations.ts'
import type { Station } from './station.ts'
import { trigger } from './trigger.ts'
import type * as Ocpp from './v16-messages.ts'
import { createProfileCommands, readProfile } from './v16-profiles.ts'
import type { Trigger } from './wire.ts'

/** The 26 calls that an OCPP 1.6 server may make, security whitepaper included. */

type CertificateUse = Ocpp.InstallCertificateRequest['certificateType']

const VENDOR = 'Fleetgrid.Simulator'

const TRIGGERS: Readonly<Record<Ocpp.TriggerMessageRequest['requestedMessage'], Trigger>> = {
  BootNotification: 'boot',
  DiagnosticsStatusNotification: 'diagnosticsStatus',
  FirmwareStatusNotification: 'firmwareStatus',
  Heartbeat: 'heartbeat',
  MeterValues: 'meterValues',
  StatusNotification: 'status',
}

const EXTENDED_TRIGGERS: Readonly<
  Record<Ocpp.ExtendedTriggerMessageRequest['requestedMessage'], Trigger>
> = {
  BootNotification: 'boot',
  LogStatusNotification: 'logStatus',
  FirmwareStatusNotification: 'signedFirmwareStatus',
  Heartbeat: 'heartbeat',
  MeterValues: 'meterValues',
  SignChargePointCertificate: 'certificateRequest',
  StatusNotification: 'status',
}

export function createCommands16(station: Station): CommandTable {
  return {
    ...createTransactionCommands(station),
    ...createConfigurationCommands(station),
    ...createProfileCommands(station),
    ...createMaintenanceCommands(station),
    ...createCertificateCommands(),
  }
}

function createTransactionCommands(station: Station) {
  return {
    RemoteStartTransaction(
      request: Ocpp.RemoteStartTransactionRequest,
    ): Reply<Ocpp.RemoteStartTransactionResponse> {
      const { connectorId, idTag, chargingProfile } = request
      const evse =
        connectorId === undefined
          ? station.evses.find((evse) => evse.canStart(idTag))
          : station.findEvse(connectorId)
      if (!station.isAccepted || evse?.canStart(idTag) !== true)
        return reply({ status: 'Rejected' })
      if (chargingProfile !== undefined) {
        // §5.16.2: only for the transaction that is to start.
        if (chargingProfile.chargingProfilePurpose !== 'TxProfile') {
          return reply({ status: 'Rejected' })
        }
        station.profiles.set(readProfile(evse.id, chargingProfile))
      }
      return reply({ status: 'Accepted' }, () => evse.startRemotely({ token: idTag }))
    },
    RemoteStopTransaction({
      transactionId,
    }: Ocpp.RemoteStopTransactionRequest): Reply<Ocpp.RemoteStopTransactionResponse> {
      const evse = station.findTransaction(transactionId)
      if (evse === undefined) return reply({ status: 'Rejected' })
      return reply({ status: 'Accepted' }, () => evse.stop('remote'))
    },
    UnlockConnector({
      connectorId,
    }: Ocpp.UnlockConnectorRequest): Reply<Ocpp.UnlockConnectorResponse> {
      const evse = station.findEvse(connectorId)
      if (evse === undefined) return reply({ status: 'NotSupported' })
      return reply({ status: 'Unlocked' }, () => {
        evse.release()
        evse.stop('unlock')
      })
    },
    ReserveNow(request: Ocpp.ReserveNowRequest): Reply<Ocpp.ReserveNowResponse> {
      // ReserveConnectorZeroSupported is false.
      if (request.connectorId === 0) return reply({ status: 'Rejected' })
      return reserve(station, station.findEvse(request.connectorId), {
        id: request.reservationId,
        token: request.idTag,
        group: request.parentIdTag,
        expiresAt: Date.parse(request.expiryDate),
      })
    },
    CancelReservation({
      reservationId,
    }: Ocpp.CancelReservationRequest): Reply<Ocpp.CancelReservationResponse> {
      return cancelReservation(station, reservationId)
    },
    SendLocalList(request: Ocpp.SendLocalListRequest): Reply<Ocpp.SendLocalListResponse> {
      if (!station.settings.isOn('localListEnabled')) return reply({ status: 'NotSupported' })
      const { listVersion, updateType, localAuthorizationList = [] } = request
      const entries = localAuthorizationList.map(({ idTag, idTagInfo }) => ({
        token: idTag,
        status: idTagInfo?.status,
      }))
      const list = station.localList
      if (updateType === 'Full') return reply({ status: list.replace(listVersion, entries) })
      return reply({ status: list.update(listVersion, entries) })
    },
    GetLocalListVersion: (): Reply<Ocpp.GetLocalListVersionResponse> =>
      reply({ listVersion: station.localList.version }),
    ClearCache(): Reply<Ocpp.ClearCacheResponse> {
      station.localList.forgetAll()
      return reply({ status: 'Accepted' })
    },
  }
}

function createConfigurationCommands(station: Station) {
  const { settings } = station
  return {
    GetConfiguration({
      key: names,
    }: Ocpp.GetConfigurationRequest): Reply<Ocpp.GetConfigurationResponse> {
      const isAll = names === undefined || names.length === 0
      const wanted = isAll ? [...settings.list()] : names.map((name) => settings.find(name))
      const configurationKey = wanted
        .filter((setting) => setting !== undefined)
        .map((setting) => ({
          key: setting.name,
          readonly: setting.access === 'read',
          // The key is nobody's business.
          ...(setting.access === 'write' ? {} : { value: settings.valueOf(setting).slice(0, 500) }),
        }))
      const unknownKey = isAll ? [] : names.filter((name) => settings.find(name) === undefined)
      return reply({ configurationKey, ...(unknownKey.length === 0 ? {} : { unknownKey }) })
    },
    ChangeConfiguration({
      key,
      value,
    }: Ocpp.ChangeConfigurationRequest): Reply<Ocpp.ChangeConfigurationResponse> {
      const role = settings.find(key)?.role
      if (role === 'password' && !/^([0-9a-f]{2})+$/i.test(value))
        return reply({ status: 'Rejected' })
      const status = settings.change(key, value)
      if (status !== 'Accepted') return reply({ status })
      if (role === 'password') return reply({ status }, () => station.reconnect())
      if (role !== undefined) return reply({ status }, () => station.planByClock())
      return reply({ status })
    },
    ChangeAvailability({
      connectorId,
      type,
    }: Ocpp.ChangeAvailabilityRequest): Reply<Ocpp.ChangeAvailabilityResponse> {
      const evse = station.findEvse(connectorId)
      if (connectorId !== 0 && evse === undefined) return reply({ status: 'Rejected' })
      const isOperative = type === 'Operative'
      return reply({ status: availabilityOutcome(station, evse, isOperative) }, () =>
        (evse ?? station).setOperative(isOperative),
      )
    },
    DataTransfer(request: Ocpp.DataTransferRequest): Reply<Ocpp.DataTransferResponse> {
      if (request.vendorId !== VENDOR) return reply({ status: 'UnknownVendorId' })
      if (request.messageId !== 'Echo') return reply({ status: 'UnknownMessageId' })
      return reply({ status: 'Accepted', data: request.data ?? '' })
    },
  }
}

function createMaintenanceCommands(station: Station) {
  const triggerAt = (what: Trigger | undefined, connectorId: number | undefined) => {
    const evse = station.findEvse(connectorId)
    if (what === undefined) return reply({ status: 'NotImplemented' as const })
    if (connectorId !== undefined && evse === undefined) {
      return reply({ status: 'Rejected' as const })
    }
    return reply({ status: 'Accepted' as const }, () => trigger(station, what, evse))
  }
  return {
    TriggerMessage: (request: Ocpp.TriggerMessageRequest): Reply<Ocpp.TriggerMessageResponse> =>
      triggerAt(TRIGGERS[request.requestedMessage], request.connectorId),
    ExtendedTriggerMessage: (
      request: Ocpp.ExtendedTriggerMessageRequest,
    ): Reply<Ocpp.ExtendedTriggerMessageResponse> =>
      triggerAt(EXTENDED_TRIGGERS[request.requestedMessage], request.connectorId),
    Reset: ({ type }: Ocpp.ResetRequest): Reply<Ocpp.ResetResponse> =>
      reply({ status: 'Accepted' }, () =>
        station.restart(type === 'Hard' ? 'hardReset' : 'softReset', 'RemoteReset'),
      ),
    UpdateFirmware({
      location,
      retrieveDate,
    }: Ocpp.UpdateFirmwareRequest): Reply<Ocpp.UpdateFirmwareResponse> {
      const job = { kind: 'firmware', isSigned: false, requestId: undefined, location } as const
      return reply({}, () => station.jobs.start(job, Date.parse(retrieveDate)))
    },
    SignedUpdateFirmware({
      requestId,
      firmware,
    }: Ocpp.SignedUpdateFirmwareRequest): Reply<Ocpp.SignedUpdateFirmwareResponse> {
      if (!looksLikeCertificate(firmware.signingCertificate)) {
        return reply({ status: 'InvalidCertificate' })
      }
      const status = station.jobs.isRunning('firmware') ? 'AcceptedCanceled' : 'Accepted'
      const job = {
        kind: 'firmware',
        isSigned: true,
        requestId,
        location: firmware.location,
      } as const
      return reply({ status }, () => station.jobs.start(job, Date.parse(firmware.retrieveDateTime)))
    },
    GetDiagnostics({ location }: Ocpp.GetDiagnosticsRequest): Reply<Ocpp.GetDiagnosticsResponse> {
      const job = { kind: 'diagnostics', isSigned: false, requestId: undefined, location } as const
      return reply({ fileName: `${station.identity.id}-diagnostics.zip` }, () =>
        station.jobs.start(job),
      )
    },
    GetLog({ log, logType, requestId }: Ocpp.GetLogRequest): Reply<Ocpp.GetLogResponse> {
      const status = station.jobs.isRunning('log') ? 'AcceptedCanceled' : 'Accepted'
      const job = { kind: 'log', isSigned: true, requestId, location: log.remoteLocation } as const
      return reply({ status, filename: `${station.identity.id}-${logType}.log` }, () =>
        station.jobs.start(job),
      )
    },
  }
}

function createCertificateCommands() {
  const certificates = new Certificates<CertificateUse>()
  return {
    InstallCertificate: ({
      certificateType,
      certificate,
    }: Ocpp.InstallCertificateRequest): Reply<Ocpp.InstallCertificateResponse> =>
      reply({ status: certificates.install(certificateType, certificate) }),
    DeleteCertificate: ({
      certificateHashData,
    }: Ocpp.DeleteCertificateRequest): Reply<Ocpp.DeleteCertificateResponse> =>
      reply({ status: certificates.delete(certificateHashData) }),
    GetInstalledCertificateIds({
      certificateType,
    }: Ocpp.GetInstalledCertificateIdsRequest): Reply<Ocpp.GetInstalledCertificateIdsResponse> {
      const certificateHashData = certificates.list([certificateType]).map(({ hash }) => hash)
      if (certificateHashData.length === 0) return reply({ status: 'NotFound' })
      return reply({ status: 'Accepted', certificateHashData })
    },
    CertificateSigned: ({
      certificateChain,
    }: Ocpp.CertificateSignedRequest): Reply<Ocpp.CertificateSignedResponse> =>
      reply({ status: looksLikeCertificate(certificateChain) ? 'Accepted' : 'Rejected' }),
  }
}
