import { type ConnectionFailure, type Ending, SAME_CLIENT_ID_ADVICE } from './describe-failure.ts'

/** Two processes with one client id connect again a second after they were expelled, and later. */
const SOON_MS = 10_000
/** A connection that lasts so long isn't one that somebody else wants. */
const STABLE_MS = 60_000
/** A broker that restarts twice does that, too. */
const TELLING_COUNT = 3

/**
 * Counts what tells that another process connects with the same client id. A broker may say so
 * (MQTT 5 §3.14.2.1, reason 142); Mosquitto 2.0 just closes the connection.
 */
export class Takeovers {
  #count = 0

  /** Of a connection that was accepted and lasted `livedMs`. */
  judge({ cause, ...failure }: Ending, livedMs: number): ConnectionFailure {
    if (cause === 'other' || livedMs > STABLE_MS) this.#count = 0
    if (cause === 'taken-over') return { ...failure, isTakenOver: true }
    if (cause === 'other') return failure
    if (livedMs < SOON_MS) this.#count += 1
    const isTold = this.#count >= TELLING_COUNT
    return {
      ...failure,
      text: isTold
        ? `each connection of this client id is closed again within seconds, as if another process used it, too: ${SAME_CLIENT_ID_ADVICE}`
        : failure.text,
      isTakenOver: this.#count > 1,
    }
  }

  /** It wasn't even accepted, so nobody was expelled. */
  reset(): void {
    this.#count = 0
  }
}
