import type { Connection } from './connection.ts'
import type { Evse } from './evse.ts'
import type { Scheduler } from './scheduler.ts'
import type { Settings } from './settings.ts'
import type { Wire } from './wire.ts'

/** What they need of their station. */
export interface ClockHost {
  readonly scheduler: Scheduler
  readonly settings: Settings
  readonly connection: Connection
  readonly wire: Wire
  readonly evses: readonly Evse[]
  readonly isOnline: boolean
}

/** What a station does by the clock. Looked at every second or so, instead of a timer for each. */
export class ClockDuties {
  readonly #station: ClockHost
  #lookedAtMs: number
  #heartbeatAtMs = Infinity
  #pingAtMs = Infinity

  constructor(station: ClockHost) {
    this.#station = station
    this.#lookedAtMs = station.scheduler.now()
  }

  /** The next ones from now on, by the intervals that are set now; 0: none. */
  plan(): void {
    this.#heartbeatAtMs = this.#next('heartbeatIntervalS')
    this.#pingAtMs = this.#next('pingIntervalS')
  }

  look(): void {
    const { scheduler, connection, wire, evses, isOnline } = this.#station
    const nowMs = scheduler.now()
    connection.checkTimeout(nowMs)
    for (const evse of evses) evse.expireReservation()
    this.#readMeters(this.#lookedAtMs, nowMs)
    this.#lookedAtMs = nowMs
    if (isOnline && nowMs >= this.#heartbeatAtMs) {
      wire.heartbeat()
      this.#heartbeatAtMs = this.#next('heartbeatIntervalS')
    }
    if (isOnline && nowMs >= this.#pingAtMs) {
      connection.ping()
      this.#pingAtMs = this.#next('pingIntervalS')
    }
  }

  #next(interval: 'heartbeatIntervalS' | 'pingIntervalS'): number {
    const { scheduler, settings } = this.#station
    const intervalS = settings.number(interval)
    return intervalS > 0 ? scheduler.now() + intervalS * 1000 : Infinity
  }

  /** OCPP 1.6 §3.16: at whole multiples of the interval since midnight. */
  #readMeters(fromMs: number, toMs: number): void {
    const { settings, evses, wire, isOnline } = this.#station
    const intervalMs = settings.number('alignedIntervalS') * 1000
    const hasPassed = Math.floor(toMs / intervalMs) > Math.floor(fromMs / intervalMs)
    if (intervalMs === 0 || !hasPassed) return
    for (const evse of evses) {
      if (evse.transaction !== undefined) wire.metered(evse.transaction, evse.read(), 'clock')
      else if (isOnline) wire.metersRead(evse.id, evse.read(), 'clock')
    }
  }
}
