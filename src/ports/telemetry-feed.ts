/**
 * Messages of vehicles and of the platform around them, from wherever they come.
 * A feed only delivers and acknowledges: it knows topics, never what a payload means.
 */
export interface FeedMessage {
  readonly topic: string
  readonly payload: Uint8Array
  /** Epoch milliseconds at which it left its sender's hands: this process got it, or its queue. */
  readonly receivedAt: number
  /** The message is durable: tell the sender. */
  acknowledge(): void
  /** It is not durable and this process won't make it so: let the sender try again. */
  refuse(reason: string): void
}

/**
 * Not of devices: changes of the table of anomalies, as records of its DynamoDB stream. One record,
 * an array of them, or `{ Records: […] }`.
 */
export const ANOMALY_RECORDS_TOPIC = 'fleetgrid/anomaly-records'
/** What the error action of an AWS IoT rule says; it holds the message that the rule failed with. */
export const RULE_ERRORS_TOPIC = 'fleetgrid/rule-errors'
/** A queue's message that has no topic, because it isn't the envelope that it should be. */
export const ENVELOPE_FAULTS_TOPIC = 'fleetgrid/sqs-envelope'

/** The topics of the original's seven IoT rules, and two of our own, as MQTT filters. */
export const TELEMETRY_TOPIC_FILTERS = [
  'dt/cvra/+/cardata',
  'dt/cvra/+/trip',
  'dt/cvra/+/dtc',
  'dt/cvra/+/event',
  'cdf/assetlibrary/events/devices/#',
  'cdf/assetlibrary/events/groups/#',
  '$aws/events/jobExecution/#',
  ANOMALY_RECORDS_TOPIC,
  RULE_ERRORS_TOPIC,
] as const

export interface TelemetryFeed {
  /**
   * Connects or listens, and calls `deliver` for each message. `deliver` never throws and never
   * waits; what it can't take it refuses.
   */
  start(deliver: (message: FeedMessage) => void): Promise<void>
  /** No further message is delivered; those that are out may still be acknowledged. */
  stopIntake(): Promise<void>
  close(): Promise<void>
  /** Where devices connect to, for logs and banners. */
  describe(): { readonly urls: readonly string[] }
  /** What keeps messages from coming right now, in words for a person; empty when all is well. */
  problems(): readonly string[]
}
