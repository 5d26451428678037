/**
 * Messages of vehicles and of the platform around them, from wherever they come.
 * A feed only delivers and acknowledges: it knows topics, never what a payload means.
 */
export interface FeedMessage {
  readonly topic: string
  readonly payload: Uint8Array
  /** Epoch milliseconds at which this process got it. */
  readonly receivedAt: number
  /** The message is durable: tell the sender. */
  acknowledge(): void
  /** It is not durable and this process won't make it so: let the sender try again. */
  refuse(reason: string): void
}

/** The topics of the original's seven IoT rules, as MQTT filters. */
export const TELEMETRY_TOPIC_FILTERS = [
  'dt/cvra/+/cardata',
  'dt/cvra/+/trip',
  'dt/cvra/+/dtc',
  'dt/cvra/+/event',
  'cdf/assetlibrary/events/devices/#',
  'cdf/assetlibrary/events/groups/#',
  '$aws/events/jobExecution/#',
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
}
