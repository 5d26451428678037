/** Every limit of the OCPP gateway. */
export interface OcppOptions {
  /** Of one frame, uncompressed; beyond it the connection is closed (1009). */
  readonly frameSizeMaxBytes: number
  /** That one charge point may send for long, and at once; one of more than 4 KiB counts as several. */
  readonly framesPerSecondMax: number
  readonly framesBurstMax: number
  /**
   * For what a charge point keeps until it is answered to be stored, while the store is away; then its
   * connection is closed: offline it keeps it for as long as it takes, whereas each call without an answer
   * is one of few attempts.
   */
  readonly guaranteedWithinMs: number
  /** A call of a charge point that takes longer is stuck: its connection is cut. */
  readonly handlingMaxMs: number
  /** Calls of one charge point that wait because it did not wait for our answer. */
  readonly callsWaitingMax: number
  /** Calls to one charge point that wait for their turn. */
  readonly callsQueuedMax: number
  /** A charge point has so long to answer. */
  readonly callTimeoutMs: number
  /** Of silence, after which it is pinged; it has `pongTimeoutMs` to show that it lives. */
  readonly pingIntervalMs: number
  readonly pongTimeoutMs: number
  /** Of what one reads too slowly; beyond it the connection is cut. */
  readonly bufferedMaxBytes: number
  /** Under way at a time; more are answered with 503. */
  readonly handshakesMax: number
  readonly handshakeTimeoutMs: number
  /** For the last frames of all charge points together. */
  readonly wireLogMaxBytes: number
}

export const DEFAULT_OCPP_OPTIONS: OcppOptions = {
  // A StopTransaction of a long session brings all of its meter values.
  frameSizeMaxBytes: 1_048_576,
  framesPerSecondMax: 1000,
  framesBurstMax: 1000,
  // Longer than failovers of databases take; shorter than the 60 s that charge points wait for an answer.
  guaranteedWithinMs: 55_000,
  // Everything else gives up after 20 s without a database; what takes longer never ends.
  handlingMaxMs: 120_000,
  callsWaitingMax: 16,
  callsQueuedMax: 16,
  callTimeoutMs: 30_000,
  // Below the 60 s after which AWS's load balancer cuts a silent connection, jitter included.
  pingIntervalMs: 50_000,
  pongTimeoutMs: 20_000,
  bufferedMaxBytes: 1_048_576,
  // All that a process may hold can come back at once, and nobody is to be refused for it.
  handshakesMax: 20_000,
  handshakeTimeoutMs: 60_000,
  wireLogMaxBytes: 8_388_608,
}
