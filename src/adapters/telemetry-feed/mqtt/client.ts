import type { ConnectionFailure, Ending } from './describe-failure.ts'

/**
 * An MQTT 5 client of one client id with a persistent session, as a `Connection` needs it. There are
 * two: the SDK of AWS, and one that is made for receiving much (ADR 0010).
 */
export interface MqttClient {
  /** Connects, and again after each failure and loss, until it is stopped. */
  start(): void
  /** Says good-bye and keeps the session, or ends it; then tells `onStopped`. */
  stop(options: { readonly endsSession: boolean }): void
  /** Frees what it holds. It has been stopped. */
  close(): void
  /**
   * With QoS 1.
   * @returns a reason code for each filter, MQTT 5 §3.9.3
   * @throws Error if there is no answer, or no connection
   */
  subscribe(filters: readonly string[]): Promise<readonly number[]>
  /** As `subscribe`; MQTT 5 §3.11.3. */
  unsubscribe(filters: readonly string[]): Promise<readonly number[]>
  /** Sends the PUBACK of a message that came since the last `onConnected`. */
  acknowledge(ticket: number): void
  /** There is room again for messages that it has left unread. */
  goOn(): void
}

export interface MqttClientListener {
  /** `ticket` is 0 with QoS 0, for which there is no PUBACK. */
  onMessage(topic: string, payload: Uint8Array, ticket: number): void
  /**
   * False: there is no room for a message. A client that can leaves it, and what is behind it,
   * unread until `goOn`; one that can't hands it over all the same.
   */
  mayTake(): boolean
  /** The broker had a session of this client id, or hadn't. */
  onConnected(isResumed: boolean): void
  /** It couldn't connect; it is tried again. */
  onNotConnected(failure: ConnectionFailure): void
  /** A connection that was there is gone: tickets are void. Also when it is stopped. */
  onDisconnected(ending: Ending): void
  onStopped(): void
  /** Something else is wrong with it. */
  onError(failure: ConnectionFailure): void
}

export type MakeClient = (clientId: string, listener: MqttClientListener) => MqttClient

/** AWS IoT Core takes one CONNECT a second from a client id (docs: AWS IoT Core limits). */
export const RECONNECT_MIN_MS = 1000
export const RECONNECT_MAX_MS = 30_000
/** A connection that lasts so long was no mistake: the next loss starts with the shortest wait. */
export const STABLE_MS = 30_000
export const CONNECT_TIMEOUT_MS = 10_000
export const ANSWER_TIMEOUT_MS = 10_000
