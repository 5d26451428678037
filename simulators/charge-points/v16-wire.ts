import { SAMPLE_CSR } from './certificates.ts'
import type { EvseState } from './evse-state.ts'
import type { Job } from './jobs.ts'
import { chooseMeasurands, listSamples } from './samples.ts'
import type { Station } from './station.ts'
import type { Reading, StopReason, Transaction } from './transaction.ts'
import type * as Ocpp from './v16-messages.ts'
import { ask, type BootAnswer, type MeterCause, type Wire } from './wire.ts'

/** What a station says in OCPP 1.6. */

type StopReason16 = NonNullable<Ocpp.StopTransactionRequest['reason']>

/** §7.36 */
const REASONS: Readonly<Record<StopReason, StopReason16>> = {
  local: 'Local',
  remote: 'Remote',
  evDisconnected: 'EVDisconnected',
  deauthorized: 'DeAuthorized',
  fault: 'Other',
  hardReset: 'HardReset',
  softReset: 'SoftReset',
  reboot: 'Reboot',
  unlock: 'UnlockCommand',
  powerLoss: 'PowerLoss',
}

/** Of a transaction whose start the server never took; errata sheet 3.18. */
const NO_TRANSACTION = -1

const CONTEXTS: Readonly<Record<MeterCause, Context>> = {
  periodic: 'Sample.Periodic',
  trigger: 'Trigger',
  clock: 'Sample.Clock',
}

type MeterValue = Ocpp.MeterValuesRequest['meterValue'][number]
type Context = NonNullable<MeterValue['sampledValue'][number]['context']>

export class Wire16 implements Wire {
  readonly #station: Station

  constructor(station: Station) {
    this.#station = station
    station.settings.assign('NumberOfConnectors', String(station.evseCount))
  }

  async boot(): Promise<BootAnswer | undefined> {
    const { identity, firmwareVersion, connection, settings } = this.#station
    const request: Ocpp.BootNotificationRequest = {
      chargePointVendor: identity.vendor.slice(0, 20),
      chargePointModel: identity.model,
      chargePointSerialNumber: identity.serialNumber,
      firmwareVersion,
      iccid: identity.iccid,
      meterType: 'kWh 3',
      meterSerialNumber: identity.meterSerialNumber,
    }
    const answer = await ask<BootAnswer>(connection, 'BootNotification', request)
    // Without a password it is a station of old, whose server may not know this message.
    const isSecured = answer?.status === 'Accepted' && settings.text('password') !== ''
    if (isSecured) this.securityEvent('StartupOfTheDevice')
    return answer
  }

  heartbeat(): void {
    this.#tell('Heartbeat', {})
  }

  nameOf(state: EvseState): string {
    return state
  }

  status(evseId: number, state: EvseState, errorCode: string | undefined): void {
    const request: Ocpp.StatusNotificationRequest = {
      connectorId: evseId,
      errorCode: (errorCode ?? 'NoError') as Ocpp.StatusNotificationRequest['errorCode'],
      status: state,
      timestamp: this.#stamp(),
    }
    this.#tell('StatusNotification', request)
  }

  async authorize(token: string): Promise<string | undefined> {
    const request: Ocpp.AuthorizeRequest = { idTag: token }
    const { connection } = this.#station
    const answer = await ask<Ocpp.AuthorizeResponse>(connection, 'Authorize', request)
    return answer?.idTagInfo?.status
  }

  started(transaction: Transaction): void {
    const { reservationId, startedAt } = transaction
    const request: Ocpp.StartTransactionRequest = {
      connectorId: transaction.evseId,
      idTag: transaction.token,
      meterStart: transaction.meterStartWh,
      timestamp: new Date(startedAt).toISOString(),
      ...(reservationId === undefined ? {} : { reservationId }),
    }
    this.#station.queue.add({
      action: 'StartTransaction',
      compose: () => request,
      answered: (payload) => this.#onStarted(transaction, payload),
      isDispensable: false,
    })
  }

  /** Tells nothing: the state of the connector says it all. */
  stateChanged(): void {}

  metered(transaction: Transaction, reading: Reading, cause: MeterCause): void {
    const meterValue = this.#compose(reading, CONTEXTS[cause])
    if (meterValue === undefined) return
    this.#station.queue.add({
      action: 'MeterValues',
      compose: (): Ocpp.MeterValuesRequest => ({
        connectorId: transaction.evseId,
        ...(transaction.number === undefined ? {} : { transactionId: transaction.number }),
        meterValue: [meterValue],
      }),
      isDispensable: true,
    })
  }

  ended(transaction: Transaction, reading: Reading, reason: StopReason): void {
    const last = this.#compose(reading, 'Transaction.End')
    this.#station.queue.add({
      action: 'StopTransaction',
      compose: (): Ocpp.StopTransactionRequest => ({
        transactionId: transaction.number ?? NO_TRANSACTION,
        meterStop: reading.energyWh,
        timestamp: new Date(reading.at).toISOString(),
        reason: REASONS[reason],
        ...(reason === 'local' ? { idTag: transaction.token } : {}),
        ...(last === undefined ? {} : { transactionData: [last] }),
      }),
      isDispensable: false,
    })
  }

  metersRead(evseId: number, reading: Reading, cause: MeterCause): void {
    const transaction = this.#station.findEvse(evseId)?.transaction
    const meterValue = this.#compose(reading, CONTEXTS[cause])
    if (transaction !== undefined) this.metered(transaction, reading, cause)
    else if (meterValue)
      this.#tell('MeterValues', { connectorId: evseId, meterValue: [meterValue] })
  }

  jobStatus(job: Job, status: string): void {
    const withId = job.requestId === undefined ? {} : { requestId: job.requestId }
    if (job.kind === 'log') {
      this.#tell('LogStatusNotification', { status, ...withId })
    } else if (job.kind === 'diagnostics') {
      // Spelled otherwise in the message of old.
      const spelled = status === 'UploadFailure' ? 'UploadFailed' : status
      this.#tell('DiagnosticsStatusNotification', { status: spelled })
    } else if (job.isSigned) {
      this.#tell('SignedFirmwareStatusNotification', { status, ...withId })
    } else {
      this.#tell('FirmwareStatusNotification', { status })
    }
  }

  securityEvent(type: string): void {
    const request: Ocpp.SecurityEventNotificationRequest = { type, timestamp: this.#stamp() }
    this.#tell('SecurityEventNotification', request)
  }

  requestCertificate(): void {
    const request: Ocpp.SignCertificateRequest = { csr: SAMPLE_CSR }
    this.#tell('SignCertificate', request)
  }

  /** There is no message for it: the connector's state tells. */
  reservationExpired(): void {}

  #onStarted(transaction: Transaction, payload: unknown): void {
    const { transactionId, idTagInfo } = payload as Ocpp.StartTransactionResponse
    transaction.number = transactionId
    if (idTagInfo?.status !== 'Accepted') this.#station.refuse(transaction)
  }

  #compose(reading: Reading, context: Context): MeterValue | undefined {
    const wanted = this.#station.settings.text(chooseMeasurands(context))
    const sampledValue = listSamples(reading, wanted).map((sample) => ({
      ...sample,
      value: String(sample.value),
      context,
    }))
    if (sampledValue.length === 0) return undefined
    return { timestamp: new Date(reading.at).toISOString(), sampledValue }
  }

  #tell(action: string, payload: object): void {
    void this.#station.connection.call(action, payload)
  }

  #stamp(): string {
    return new Date(this.#station.scheduler.now()).toISOString()
  }
}
