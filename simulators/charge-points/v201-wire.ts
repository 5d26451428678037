import { SAMPLE_CSR } from './certificates.ts'
import type { EvseState } from './evse-state.ts'
import type { Job } from './jobs.ts'
import { chooseMeasurands, listSamples } from './samples.ts'
import type { Station } from './station.ts'
import type { Reading, StopReason, Transaction, TransactionTrigger } from './transaction.ts'
import type * as Told from './v201-messages.ts'
import { ask, type BootAnswer, type BootReason, type MeterCause, type Wire } from './wire.ts'

/** What a station says in OCPP 2.0.1. */

type Event = Told.TransactionEventRequest
type IdToken = NonNullable<Event['idToken']>
type MeterValue = NonNullable<Event['meterValue']>[number]
type Context = NonNullable<MeterValue['sampledValue'][number]['context']>
type StoppedReason = NonNullable<Event['transactionInfo']['stoppedReason']>

const TRIGGERS: Readonly<Record<TransactionTrigger, Event['triggerReason']>> = {
  authorized: 'Authorized',
  pluggedIn: 'CablePluggedIn',
  remoteStart: 'RemoteStart',
}

const STOPS: Readonly<Record<StopReason, readonly [Event['triggerReason'], StoppedReason]>> = {
  local: ['StopAuthorized', 'Local'],
  remote: ['RemoteStop', 'Remote'],
  evDisconnected: ['EVCommunicationLost', 'EVDisconnected'],
  deauthorized: ['Deauthorized', 'DeAuthorized'],
  fault: ['AbnormalCondition', 'Other'],
  hardReset: ['ResetCommand', 'ImmediateReset'],
  softReset: ['ResetCommand', 'ImmediateReset'],
  reboot: ['ResetCommand', 'Reboot'],
  unlock: ['UnlockCommand', 'Other'],
  powerLoss: ['AbnormalCondition', 'PowerLoss'],
}

const METERED: Readonly<Record<MeterCause, readonly [Event['triggerReason'], Context]>> = {
  periodic: ['MeterValuePeriodic', 'Sample.Periodic'],
  trigger: ['Trigger', 'Trigger'],
  clock: ['MeterValueClock', 'Sample.Clock'],
}

const CONNECTOR_ID = 1
/** Kinds of tokens are remembered from remote start to the last event of a transaction. */
const TOKEN_KINDS_MAX = 100

export class Wire201 implements Wire {
  readonly #station: Station
  readonly #tokenKinds = new Map<string, IdToken['type']>()
  readonly #faulted = new Map<number, string>()
  #eventId = 0

  constructor(station: Station) {
    this.#station = station
    station.settings.assign('SecurityCtrlr.Identity', station.identity.id)
  }

  async boot(reason: BootReason): Promise<BootAnswer | undefined> {
    const { identity, firmwareVersion, connection } = this.#station
    const request: Told.BootNotificationRequest = {
      reason,
      chargingStation: {
        vendorName: identity.vendor,
        model: identity.model,
        serialNumber: identity.serialNumber,
        firmwareVersion,
        modem: { iccid: identity.iccid },
      },
    }
    const answer = await ask<BootAnswer>(connection, 'BootNotification', request)
    if (answer?.status === 'Accepted' && reason !== 'Triggered') {
      this.securityEvent(reason === 'FirmwareUpdate' ? 'FirmwareUpdated' : 'StartupOfTheDevice')
    }
    return answer
  }

  heartbeat(): void {
    this.tell('Heartbeat', {})
  }

  nameOf(state: EvseState): Told.StatusNotificationRequest['connectorStatus'] {
    const isFree = state === 'Available' || state === 'Reserved'
    return isFree || state === 'Unavailable' || state === 'Faulted' ? state : 'Occupied'
  }

  /** The station itself has none here. */
  status(evseId: number, state: EvseState, errorCode: string | undefined): void {
    if (evseId === 0) return
    const request: Told.StatusNotificationRequest = {
      timestamp: this.stamp(),
      connectorStatus: this.nameOf(state),
      evseId,
      connectorId: CONNECTOR_ID,
    }
    this.tell('StatusNotification', request)
    const known = this.#faulted.get(evseId)
    if (errorCode !== undefined && known === undefined) {
      this.#faulted.set(evseId, errorCode)
      this.#notifyProblem(evseId, errorCode, false)
    } else if (errorCode === undefined && known !== undefined) {
      this.#faulted.delete(evseId)
      this.#notifyProblem(evseId, known, true)
    }
  }

  async authorize(token: string): Promise<string | undefined> {
    const request: Told.AuthorizeRequest = { idToken: this.#tokenOf(token) }
    const { connection } = this.#station
    const answer = await ask<Told.AuthorizeResponse>(connection, 'Authorize', request)
    return answer?.idTokenInfo?.status
  }

  /** What a server calls the token of its remote start, so that it is told the same. */
  rememberToken({ idToken, type }: IdToken): void {
    if (this.#tokenKinds.size >= TOKEN_KINDS_MAX) this.#tokenKinds.clear()
    this.#tokenKinds.set(idToken, type)
  }

  started(transaction: Transaction, reading: Reading, trigger: TransactionTrigger): void {
    const { reservationId, remoteStartId } = transaction
    this.#queueEvent(transaction, reading, {
      eventType: 'Started',
      triggerReason: TRIGGERS[trigger],
      context: 'Transaction.Begin',
      idToken: this.#tokenOf(transaction.token),
      more: {
        evse: { id: transaction.evseId, connectorId: CONNECTOR_ID },
        ...(reservationId === undefined ? {} : { reservationId }),
      },
      info: remoteStartId === undefined ? {} : { remoteStartId },
    })
  }

  stateChanged(transaction: Transaction, reading: Reading): void {
    this.#queueEvent(transaction, reading, {
      eventType: 'Updated',
      triggerReason: 'ChargingStateChanged',
    })
  }

  metered(transaction: Transaction, reading: Reading, cause: MeterCause): void {
    const [triggerReason, context] = METERED[cause]
    this.#queueEvent(transaction, reading, { eventType: 'Updated', triggerReason, context })
  }

  ended(transaction: Transaction, reading: Reading, reason: StopReason): void {
    const [triggerReason, stoppedReason] = STOPS[reason]
    this.#queueEvent(transaction, reading, {
      eventType: 'Ended',
      triggerReason,
      context: 'Transaction.End',
      idToken: reason === 'local' ? this.#tokenOf(transaction.token) : undefined,
      info: { stoppedReason },
    })
  }

  metersRead(evseId: number, reading: Reading, cause: MeterCause): void {
    const meterValue = this.#compose(reading, METERED[cause][1])
    if (meterValue) this.tell('MeterValues', { evseId, meterValue: [meterValue] })
  }

  jobStatus(job: Job, status: string): void {
    const action = job.kind === 'firmware' ? 'FirmwareStatusNotification' : 'LogStatusNotification'
    const { requestId } = job
    this.tell(action, { status, ...(requestId === undefined ? {} : { requestId }) })
  }

  securityEvent(type: string): void {
    const request: Told.SecurityEventNotificationRequest = { type, timestamp: this.stamp() }
    this.tell('SecurityEventNotification', request)
  }

  requestCertificate(): void {
    const request: Told.SignCertificateRequest = {
      csr: SAMPLE_CSR,
      certificateType: 'ChargingStationCertificate',
    }
    this.tell('SignCertificate', request)
  }

  reservationExpired(reservationId: number): void {
    const request: Told.ReservationStatusUpdateRequest = {
      reservationId,
      reservationUpdateStatus: 'Expired',
    }
    this.tell('ReservationStatusUpdate', request)
  }

  /** Something whose answer says nothing. */
  tell(action: string, payload: object): void {
    void this.#station.connection.call(action, payload)
  }

  stamp(): string {
    return new Date(this.#station.scheduler.now()).toISOString()
  }

  #queueEvent(
    transaction: Transaction,
    reading: Reading,
    event: {
      readonly eventType: Event['eventType']
      readonly triggerReason: Event['triggerReason']
      /** Without it no meter values are told. */
      readonly context?: Context
      readonly idToken?: IdToken | undefined
      readonly more?: Partial<Event>
      readonly info?: Partial<Event['transactionInfo']>
    },
  ): void {
    const { eventType, triggerReason, context, idToken, more, info } = event
    const meterValue = context === undefined ? undefined : this.#compose(reading, context)
    const request: Event = {
      eventType,
      timestamp: new Date(reading.at).toISOString(),
      triggerReason,
      seqNo: transaction.seqNo++,
      offline: !this.#station.isOnline,
      transactionInfo: {
        transactionId: transaction.id,
        chargingState: eventType === 'Ended' ? 'EVConnected' : transaction.chargingState,
        ...info,
      },
      ...more,
      ...(idToken === undefined ? {} : { idToken }),
      ...(meterValue === undefined ? {} : { meterValue: [meterValue] }),
    }
    this.#station.queue.add({
      action: 'TransactionEvent',
      compose: () => request,
      answered: (payload) => this.#onEventTaken(transaction, payload),
      isDispensable: context === 'Sample.Periodic' || context === 'Sample.Clock',
    })
  }

  #onEventTaken(transaction: Transaction, payload: unknown): void {
    const { idTokenInfo } = payload as Told.TransactionEventResponse
    if ((idTokenInfo?.status ?? 'Accepted') !== 'Accepted') this.#station.refuse(transaction)
  }

  #notifyProblem(evseId: number, techCode: string, cleared: boolean): void {
    const request: Told.NotifyEventRequest = {
      generatedAt: this.stamp(),
      seqNo: 0,
      eventData: [
        {
          eventId: this.#eventId++,
          timestamp: this.stamp(),
          trigger: 'Alerting',
          actualValue: String(!cleared),
          cleared,
          techCode,
          eventNotificationType: 'HardWiredNotification',
          component: { name: 'Connector', evse: { id: evseId, connectorId: CONNECTOR_ID } },
          variable: { name: 'Problem' },
        },
      ],
    }
    this.tell('NotifyEvent', request)
  }

  #tokenOf(token: string): IdToken {
    return { idToken: token, type: this.#tokenKinds.get(token) ?? 'ISO14443' }
  }

  #compose(reading: Reading, context: Context): MeterValue | undefined {
    const wanted = this.#station.settings.text(chooseMeasurands(context))
    const sampledValue = listSamples(reading, wanted).map(({ unit, ...sample }) => ({
      ...sample,
      context,
      unitOfMeasure: { unit },
    }))
    if (sampledValue.length === 0) return undefined
    return { timestamp: new Date(reading.at).toISOString(), sampledValue }
  }
}
