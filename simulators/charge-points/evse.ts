import { OFFER_MIN_W } from './curve.ts'
import { type EvseHost, isFor, type RemoteStart, type Reservation } from './evse-host.ts'
import type { EvseState } from './evse-state.ts'
import { Meter } from './meter.ts'
import { planSession, type SessionPlan } from './plan.ts'
import type { Charger } from './profiles.ts'
import type { Task } from './scheduler.ts'
import type {
  ChargingState,
  Reading,
  StopReason,
  Transaction,
  TransactionTrigger,
} from './transaction.ts'
import {
  createVisit,
  type Moment,
  secondsToNext,
  takeMoment,
  takeSample,
  type Visit,
} from './visit.ts'

/** One place to charge at: cars come, charge and leave; faults, reservations, the operator's will. */

export class Evse {
  readonly id: number
  state: EvseState = 'Available'
  errorCode: string | undefined
  isOperative = true
  reservation: Reservation | undefined
  transaction: Transaction | undefined
  readonly #host: EvseHost
  readonly #meter: Meter
  /** The state that the server has been told. */
  #reported = ''
  #visits = 0
  #visit: Visit | undefined
  #next: Task | undefined

  constructor(id: number, host: EvseHost) {
    this.id = id
    this.#host = host
    this.#meter = new Meter(host.scheduler, 1000 * id)
  }

  /** Open for cars, unless one is here, or nobody can come for now. */
  expectCar(): void {
    if (this.#visit !== undefined || this.state === 'Faulted') return
    this.#next?.cancel()
    if (this.#host.rates.sessionsPerHour === 0) return
    const plan = this.#plan()
    this.#wait(plan.gapS, () => this.#arrive(plan))
  }

  /** The power is gone, or it restarts: what is running ends, nobody waits any more. */
  powerDown(reason: StopReason): void {
    this.#next?.cancel()
    this.#endTransaction(reason)
    this.#visit = undefined
    this.errorCode = undefined
    this.state = this.#restingState()
  }

  isFreeFor(token: string, group?: string): boolean {
    const isReservedFor = this.reservation === undefined || isFor(this.reservation, token, group)
    const isIdle = this.state === 'Available' || this.state === 'Reserved'
    return isIdle && this.isOperative && isReservedFor && this.transaction === undefined
  }

  /** A server may start what is free, or where a car is plugged in already. */
  canStart(token: string, group?: string): boolean {
    const isWaiting = this.state === 'Preparing' && this.transaction === undefined
    return this.isFreeFor(token, group) || isWaiting
  }

  async startRemotely({ token, group, remoteStartId }: RemoteStart): Promise<void> {
    if (!this.canStart(token, group)) return
    this.#next?.cancel()
    // Another object: whoever waits for an answer about the driver's card finds that it is over.
    const visit: Visit = {
      ...(this.#visit ?? createVisit(this.#plan(), token)),
      token,
      remoteStartId,
    }
    this.#visit = visit
    const asks = this.#host.settings.isOn('authorizesRemote')
    const isAuthorized = !asks || (await this.#host.authorize(token))
    if (this.#visit !== visit) return
    if (!isAuthorized) {
      this.#leave()
      return
    }
    const start = () => this.#startTransaction(visit, 'remoteStart')
    if (visit.isPlugged) {
      start()
      return
    }
    this.#wait(visit.plan.betweenS, () => {
      this.#plugIn(visit)
      start()
    })
  }

  /** Ends what is running; the car stays for a while. */
  stop(reason: StopReason): void {
    if (this.transaction === undefined) return
    this.#next?.cancel()
    this.#endTransaction(reason)
    this.#changeState('Finishing')
    const isUnplugged = reason === 'evDisconnected' || reason === 'unlock'
    this.#wait(isUnplugged ? 1 : (this.#visit?.plan.lingerS ?? 1), () => this.#leave())
  }

  /** The car goes now, if it only waits to. */
  release(): void {
    if (this.state === 'Finishing') this.#leave()
  }

  fail(code: string, forS: number): void {
    this.#next?.cancel()
    this.#endTransaction('fault')
    this.#visit = undefined
    this.errorCode = code
    this.#changeState('Faulted')
    this.#wait(forS, () => {
      this.errorCode = undefined
      this.#leave()
    })
  }

  setOperative(isOperative: boolean): void {
    this.isOperative = isOperative
    if (this.transaction !== undefined || this.state === 'Finishing') return
    if (this.state === 'Preparing' && isOperative) return
    if (this.state !== 'Faulted') this.#leave()
  }

  /** Undefined: not any more. */
  reserve(reservation: Reservation | undefined): void {
    this.reservation = reservation
    if (this.state === 'Available' || this.state === 'Reserved')
      this.#changeState(this.#restingState())
  }

  /** What nobody came for is free again. */
  expireReservation(): void {
    const { reservation } = this
    if (reservation === undefined || reservation.expiresAt > this.#host.scheduler.now()) return
    this.reserve(undefined)
    if (this.#host.isOnline) this.#host.wire.reservationExpired(reservation.id)
  }

  /** Tells its state, unless the server knows it or can't be told now. */
  report({ isKnown = true } = {}): void {
    const { wire, isOnline } = this.#host
    const now = `${wire.nameOf(this.state)}/${this.errorCode ?? ''}`
    if (!isOnline || (isKnown && this.#reported === now)) return
    this.#reported = now
    wire.status(this.id, this.state, this.errorCode)
  }

  get powerW(): number {
    return this.#meter.powerW
  }

  /** As of now. */
  read(): Reading {
    this.#charge()
    const car = this.#visit?.isPlugged === true ? this.#visit.plan.car : undefined
    return this.#meter.read(this.charger, this.#host.limitW(this.charger), car)
  }

  get charger(): Charger {
    const { powerMaxW, voltageV, phases } = this.#host.identity
    return { evseId: this.id, powerMaxW, voltageV, phases, startedAt: this.transaction?.startedAt }
  }

  #plan(): SessionPlan {
    const { seed, identity, evseCount, rates } = this.#host
    const place = { evseId: this.id, evses: evseCount, number: this.#visits++ }
    return planSession(seed, identity, place, rates)
  }

  #arrive(plan: SessionPlan): void {
    const token = this.#host.tokenOf(this.id)
    if (!this.#host.isAccepted || !this.isFreeFor(token)) {
      this.expectCar()
      return
    }
    const visit = createVisit(plan, token)
    this.#visit = visit
    if (plan.plugsFirst) this.#plugIn(visit)
    this.#wait(plan.plugsFirst ? plan.betweenS : 0, () => void this.#identify(visit))
  }

  async #identify(visit: Visit): Promise<void> {
    const isAuthorized = await this.#host.authorize(visit.token)
    // Meanwhile it may have failed, restarted, or been started remotely.
    if (this.#visit !== visit || this.transaction !== undefined) return
    if (!isAuthorized) {
      this.#leave()
    } else if (visit.isPlugged) {
      this.#startTransaction(visit, 'authorized')
    } else {
      this.#wait(visit.plan.betweenS, () => {
        this.#plugIn(visit)
        this.#startTransaction(visit, 'pluggedIn')
      })
    }
  }

  #plugIn(visit: Visit): void {
    visit.isPlugged = true
    this.#changeState('Preparing')
  }

  #startTransaction(visit: Visit, trigger: TransactionTrigger): void {
    const { scheduler, counts, wire } = this.#host
    this.#next?.cancel()
    const reservationId = this.reservation?.id
    this.reservation = undefined
    this.#meter.start()
    const transaction: Transaction = {
      evseId: this.id,
      id: this.#host.createTransactionId(this.id),
      number: undefined,
      seqNo: 0,
      token: visit.token,
      startedAt: scheduler.now(),
      meterStartWh: this.#meter.energyWh,
      remoteStartId: visit.remoteStartId,
      reservationId,
      chargingState: 'EVConnected',
    }
    this.transaction = transaction
    counts.sessionsStarted++
    wire.started(transaction, this.read(), trigger)
    this.#wait(0, () => this.#live(visit))
  }

  /** Charges up to now, says what is due, and waits for what comes next. */
  #live(visit: Visit): void {
    const { transaction } = this
    if (transaction === undefined || this.#visit !== visit) return
    this.#charge()
    const elapsedS = this.#host.scheduler.secondsSince(transaction.startedAt)
    this.#followCar(visit, transaction, elapsedS)
    const intervalS = this.#host.settings.number('sampleIntervalS')
    if (takeSample(visit, elapsedS, intervalS)) {
      this.#host.wire.metered(transaction, this.read(), 'periodic')
    }
    const moment = takeMoment(visit, elapsedS)
    if (moment !== undefined) this.#meet(moment, visit.plan)
    if (this.transaction !== transaction) return
    this.#wait(secondsToNext(visit, elapsedS, intervalS), () => this.#live(visit))
  }

  #meet({ what }: Moment, { fault, offline }: SessionPlan): void {
    if (what === 'driverStops') this.stop('local')
    else if (what === 'carLeaves') this.stop('evDisconnected')
    else if (what === 'fault' && fault) this.fail(fault.code, fault.forS)
    else if (offline) this.#host.breakConnection(offline.forS)
  }

  #charge(): void {
    if (this.transaction === undefined || this.#visit === undefined) return
    this.#meter.count(this.#visit.plan.car, this.#host.limitW(this.charger))
  }

  /** A car that has had enough stops by itself; its driver comes for it a little later. */
  #followCar(visit: Visit, transaction: Transaction, elapsedS: number): void {
    const { car, lingerS } = visit.plan
    const isFull = car.soc >= car.targetSoc
    if (isFull && transaction.chargingState !== 'SuspendedEV') {
      visit.moments.unshift({ afterS: elapsedS + lingerS, what: 'carLeaves' })
    }
    const isHeldBack = this.#host.limitW(this.charger) < OFFER_MIN_W
    const state: ChargingState = isFull ? 'SuspendedEV' : isHeldBack ? 'SuspendedEVSE' : 'Charging'
    if (state === transaction.chargingState) return
    transaction.chargingState = state
    this.#changeState(state)
    this.#host.wire.stateChanged(transaction, this.read())
  }

  #endTransaction(reason: StopReason): void {
    const { transaction } = this
    if (transaction === undefined) return
    const reading = this.read()
    this.transaction = undefined
    this.#meter.stop()
    this.#host.counts.sessionsEnded++
    this.#host.wire.ended(transaction, { ...reading, powerW: 0, currentA: 0 }, reason)
    this.#host.transactionEnded(this.id)
  }

  #leave(): void {
    this.#visit = undefined
    this.#changeState(this.#restingState())
    this.expectCar()
  }

  #restingState(): EvseState {
    if (!this.isOperative) return 'Unavailable'
    return this.reservation === undefined ? 'Available' : 'Reserved'
  }

  #changeState(state: EvseState): void {
    this.state = state
    this.report()
  }

  #wait(seconds: number, then: () => void): void {
    this.#next?.cancel()
    this.#next = this.#host.scheduler.later(seconds, then)
  }
}
