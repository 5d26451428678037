import { hashToId } from '../random.ts'
import { authorize } from './authorize.ts'
import { ClockDuties } from './clock-duties.ts'
import { type CommandTable, callCommand } from './commands.ts'
import type { Connection } from './connection.ts'
import type { Counts } from './counts.ts'
import { Evse } from './evse.ts'
import type { EvseHost } from './evse-host.ts'
import type { EvseState } from './evse-state.ts'
import { FIRST_FIRMWARE, type StationIdentity } from './identity.ts'
import { type Job, Jobs } from './jobs.ts'
import { LocalList } from './local-list.ts'
import { decodePassword } from './password.ts'
import type { Rates } from './plan.ts'
import { type Charger, Profiles } from './profiles.ts'
import type { Scheduler, Task } from './scheduler.ts'
import { Settings, type SettingsCatalog } from './settings.ts'
import type { StationOptions } from './station-options.ts'
import { createConnection, createQueue } from './station-parts.ts'
import type { StopReason, Transaction } from './transaction.ts'
import type { TransactionQueue } from './transaction-queue.ts'
import type { BootAnswer, BootReason, Wire } from './wire.ts'

/** A charging station without its protocol: boots, serves its EVSEs, restarts, goes and comes. */

/** The server did not say when to boot again, or to beat. */
const BOOT_AGAIN_S = 30
const UNANSWERED_BOOT_AGAIN_S = 10
/** In simulated seconds. */
const REBOOT_S = 20
/** What is on its way may arrive before a restart. */
const SETTLE_MS = 5000
const SETTLE_LOOK_MS = 50
const OFFLINE_MIN_MS = 1000

/** A version of OCPP. */
export interface Protocol {
  readonly settings: SettingsCatalog
  /** What this station says in it, and what it may be told. */
  speak(station: Station): { readonly wire: Wire; readonly commands: CommandTable }
}

export class Station implements EvseHost {
  readonly identity: StationIdentity
  readonly seed: string
  readonly rates: Rates
  readonly evseCount: number
  readonly tokenOf: (evseId: number) => string
  readonly scheduler: Scheduler
  readonly counts: Counts
  readonly settings: Settings
  readonly evses: readonly Evse[]
  readonly connection: Connection
  readonly queue: TransactionQueue
  readonly localList = new LocalList()
  readonly profiles = new Profiles()
  readonly jobs: Jobs
  readonly wire: Wire
  firmwareVersion = FIRST_FIRMWARE
  isOperative = true
  readonly #options: StationOptions
  readonly #commands: CommandTable
  readonly #duties: ClockDuties
  #isAccepted = false
  #bootReason: BootReason = 'PowerUp'
  #onceAccepted: (() => void) | undefined
  #pending: Task | undefined
  #isRestarting = false
  #isStopped = false
  #restartsWhenIdle = false
  #transactions = 0

  constructor(
    options: StationOptions,
    protocol: Protocol,
    { scheduler, counts }: { scheduler: Scheduler; counts: Counts },
  ) {
    const { identity, seed } = options
    this.#options = options
    this.identity = identity
    this.seed = seed
    this.rates = options.rates
    this.evseCount = options.evseCount
    this.tokenOf = options.tokenOf
    this.scheduler = scheduler
    this.counts = counts
    this.settings = new Settings(protocol.settings)
    if (options.password !== undefined) this.settings.put('password', options.password)
    this.connection = createConnection(options, this, {
      opened: () => this.#onOpened(),
      closed: () => this.#pending?.cancel(),
      called: (action, payload) => callCommand(this.#commands, action, payload),
      trouble: options.trouble,
    })
    this.queue = createQueue(this)
    this.jobs = new Jobs({
      scheduler,
      tell: (job, status) => this.#tellJob(job, status),
      restartWithNewFirmware: (done) => this.#restartWithNewFirmware(done),
    })
    const { wire, commands } = protocol.speak(this)
    this.wire = wire
    this.#commands = commands
    this.#duties = new ClockDuties(this)
    this.evses = Array.from({ length: options.evseCount }, (_, index) => new Evse(index + 1, this))
  }

  /** Cars and servers may begin something here. */
  get isAccepted(): boolean {
    return this.#isAccepted && !this.#isRestarting && !this.#isStopped
  }

  /** It may send whatever it has to say. */
  get isOnline(): boolean {
    return this.#isAccepted && this.connection.isOpen
  }

  get charging(): number {
    return this.evses.filter(({ transaction }) => transaction !== undefined).length
  }

  start(): void {
    this.connection.password = decodePassword(
      this.#options.protocol,
      this.settings.text('password'),
    )
    this.connection.open()
  }

  /** Ends what is running, tells so if it can within the limit, and hangs up. */
  stop(limitMs: number): Promise<void> {
    this.#isStopped = true
    this.jobs.stop()
    for (const evse of this.evses) evse.powerDown('powerLoss')
    return new Promise((resolve) => {
      this.#whenSettled(limitMs, () => {
        this.connection.close()
        resolve()
      })
    })
  }

  /** To be called every second or so. */
  lookAtClock(): void {
    this.#duties.look()
  }

  /** Intervals have changed. */
  planByClock(): void {
    this.#duties.plan()
  }

  /** Of the moment too: the same seed started again charges anew. */
  createTransactionId(evseId: number): string {
    const moment = `${this.scheduler.now()}/${this.#transactions++}`
    return hashToId(`${this.identity.id}/${evseId}/${moment}`, 24)
  }

  authorize(token: string): Promise<boolean> {
    return authorize(this, token)
  }

  /** The server does not want this token to charge, but it does already. */
  refuse(transaction: Transaction): void {
    const evse = this.evses.find((evse) => evse.transaction === transaction)
    if (this.settings.isOn('stopsOnInvalid')) evse?.stop('deauthorized')
  }

  findEvse(id: number | undefined): Evse | undefined {
    return this.evses.find((evse) => evse.id === id)
  }

  /** By either version's id. */
  findTransaction(id: string | number): Evse | undefined {
    return this.evses.find(
      ({ transaction }) => transaction?.id === id || transaction?.number === id,
    )
  }

  limitW(charger: Charger): number {
    return this.profiles.limitAt(charger, this.scheduler.now())
  }

  breakConnection(forS: number): void {
    if (this.#isRestarting || this.#isStopped) return
    this.connection.close({ abruptly: true })
    const forMs = Math.max(OFFLINE_MIN_MS, (forS * 1000) / this.scheduler.speed)
    this.scheduler.after(forMs, () => {
      if (!this.#isRestarting && !this.#isStopped) this.connection.open()
    })
  }

  /** With a new password, or because the server asked for it in another way. */
  reconnect(): void {
    this.connection.close()
    if (!this.#isStopped) this.start()
  }

  transactionEnded(evseId: number): void {
    this.profiles.endTransaction(evseId)
    if (this.#restartsWhenIdle && this.charging === 0) this.restart('softReset', 'RemoteReset')
  }

  /** Once nobody charges any more. */
  restartWhenIdle(): void {
    if (this.charging === 0) this.restart('softReset', 'RemoteReset')
    else this.#restartsWhenIdle = true
  }

  get state(): EvseState {
    return this.isOperative ? 'Available' : 'Unavailable'
  }

  /** Of all of it. */
  setOperative(isOperative: boolean): void {
    this.isOperative = isOperative
    if (this.isOnline) this.wire.status(0, this.state, undefined)
    for (const evse of this.evses) evse.setOperative(isOperative)
  }

  /** As if it were just switched on, but nothing ends. */
  bootAgain(): void {
    void this.#boot('Triggered')
  }

  /** Ends all transactions, says so, and is away for a while. */
  restart(reason: StopReason, bootReason: BootReason, accepted?: () => void): void {
    this.#onceAccepted ??= accepted
    if (this.#isRestarting) return
    this.#isRestarting = true
    this.#restartsWhenIdle = false
    this.#bootReason = bootReason
    for (const evse of this.evses) evse.powerDown(reason)
    this.#whenSettled(SETTLE_MS, () => {
      this.#isAccepted = false
      this.connection.close()
      this.scheduler.later(REBOOT_S, () => {
        this.#isRestarting = false
        if (!this.#isStopped) this.start()
      })
    })
  }

  #restartWithNewFirmware(done: () => void): void {
    const [major, minor, patch = 0] = this.firmwareVersion.split('.').map(Number)
    this.firmwareVersion = `${major}.${minor}.${patch + 1}`
    this.restart('reboot', 'FirmwareUpdate', done)
  }

  #onOpened(): void {
    if (!this.#isAccepted) {
      void this.#boot(this.#bootReason)
      return
    }
    // OCPP 1.6 §4.2: after a mere loss of connection it does not boot again.
    for (const evse of this.evses) evse.report()
    this.queue.pump()
  }

  async #boot(reason: BootReason): Promise<void> {
    this.#pending?.cancel()
    const answer = await this.wire.boot(reason)
    if (!this.connection.isOpen || this.#isStopped) return
    if (answer?.status === 'Accepted') {
      this.#onAccepted(answer.interval)
      return
    }
    if (answer !== undefined) this.#isAccepted = false
    this.#pending = this.scheduler.after(readWaitS(answer) * 1000, () => void this.#boot(reason))
  }

  #onAccepted(intervalS: number): void {
    if (intervalS > 0) this.settings.put('heartbeatIntervalS', String(intervalS))
    this.#duties.plan()
    const wasAccepted = this.#isAccepted
    this.#isAccepted = true
    if (!wasAccepted) this.#begin()
    this.queue.pump()
  }

  #begin(): void {
    this.wire.status(0, this.state, undefined)
    for (const evse of this.evses) evse.report({ isKnown: false })
    for (const evse of this.evses) evse.expectCar()
    const accepted = this.#onceAccepted
    this.#onceAccepted = undefined
    this.#bootReason = 'PowerUp'
    accepted?.()
  }

  #tellJob(job: Job, status: string): void {
    if (this.isOnline) this.wire.jobStatus(job, status)
  }

  #whenSettled(withinMs: number, then: () => void): void {
    const endMs = this.scheduler.now() + withinMs
    const look = () => {
      const isSettled = this.queue.size === 0 || !this.isOnline || this.scheduler.now() >= endMs
      if (isSettled) then()
      else this.scheduler.after(SETTLE_LOOK_MS, look)
    }
    look()
  }
}

/** Until it may boot again, in seconds. */
function readWaitS(answer: BootAnswer | undefined): number {
  if (answer === undefined) return UNANSWERED_BOOT_AGAIN_S
  return answer.interval > 0 ? answer.interval : BOOT_AGAIN_S
}
