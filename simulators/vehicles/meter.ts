import { throttlePercent } from './physics.ts'

/** Largest and mean values between two reports. */
export interface MeterValues {
  readonly maxSpeedKmh: number
  readonly averageSpeedKmh: number
  /** The largest in size, with its sign. */
  readonly longitudinalMps2: number
  readonly lateralMps2: number
  readonly throttleMaxPercent: number
  readonly throttleAveragePercent: number
}

/** The map turns in a point, a car on this length of road. */
const CORNER_LENGTH_M = 40
const MAX_LATERAL_MPS2 = 5

export class Meter {
  #seconds = 0
  #metres = 0
  #maxSpeedMps = 0
  #longitudinalMps2 = 0
  #lateralMps2 = 0
  #throttleMaxPercent = 0
  #throttleSeconds = 0

  add(speedMps: number, accelerationMps2: number, turnDeg: number, seconds: number): void {
    const throttle = throttlePercent(speedMps, accelerationMps2)
    const radiusM = CORNER_LENGTH_M / ((turnDeg * Math.PI) / 180)
    const lateral = speedMps ** 2 / radiusM
    this.#seconds += seconds
    this.#metres += speedMps * seconds
    this.#throttleSeconds += throttle * seconds
    this.#maxSpeedMps = Math.max(this.#maxSpeedMps, speedMps)
    this.#throttleMaxPercent = Math.max(this.#throttleMaxPercent, throttle)
    this.#longitudinalMps2 = larger(this.#longitudinalMps2, accelerationMps2)
    this.#lateralMps2 = larger(
      this.#lateralMps2,
      Math.max(-MAX_LATERAL_MPS2, Math.min(MAX_LATERAL_MPS2, lateral)),
    )
  }

  /** Reads and resets. */
  take(speedMps: number): MeterValues {
    const seconds = this.#seconds
    const values = {
      maxSpeedKmh: Math.max(this.#maxSpeedMps, speedMps) * 3.6,
      averageSpeedKmh: (seconds > 0 ? this.#metres / seconds : speedMps) * 3.6,
      longitudinalMps2: this.#longitudinalMps2,
      lateralMps2: this.#lateralMps2,
      throttleMaxPercent: this.#throttleMaxPercent,
      throttleAveragePercent: seconds > 0 ? this.#throttleSeconds / seconds : 0,
    }
    this.#seconds = 0
    this.#metres = 0
    this.#throttleSeconds = 0
    this.#maxSpeedMps = 0
    this.#throttleMaxPercent = 0
    this.#longitudinalMps2 = 0
    this.#lateralMps2 = 0
    return values
  }
}

function larger(left: number, right: number): number {
  return Math.abs(right) > Math.abs(left) ? right : left
}
