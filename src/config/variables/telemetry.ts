import { integer } from '../variable.ts'

/** What happens to messages, and how long it is kept. */
export const telemetryVariables = {
  MESSAGE_SIZE_MAX_BYTES: integer({
    default: 65_536,
    min: 1024,
    max: 131_072,
    unit: 'bytes',
    description:
      'A larger message becomes a dead letter; a packet beyond 262144 bytes ends its connection. AWS IoT Core takes 131072 at most.',
  }),
  ACKNOWLEDGE_DEADLINE_MS: integer({
    default: 30_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    description:
      'With the embedded broker: a message that is not durable by then is refused; its sender tries again. Other feeds hold it as long as it takes.',
  }),
  CLOCK_SKEW_TOLERANCE_MS: integer({
    default: 60_000,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    description: 'Send times further than this from the receive time are flagged and counted.',
  }),
  OIL_TEMPERATURE_LIMIT_F: integer({
    default: 280,
    min: 0,
    max: 10_000,
    unit: '°F',
    description:
      'Above it the anomaly OilTemp is raised, with the degrees above 250 °F as its score. 0 switches detection off.',
  }),

  VEHICLES_MAX: integer({
    default: 1_000_000,
    min: 1,
    max: 100_000_000,
    unit: 'vehicles',
    description: 'Most vehicles; messages of further ones become dead letters.',
  }),

  DEVICES_MAX: integer({
    default: 4_000_000,
    min: 1,
    max: 400_000_000,
    unit: 'devices',
    description: 'Most devices and components; messages about further ones become dead letters.',
  }),

  WRITE_BATCH_MAX: integer({
    default: 2000,
    min: 1,
    max: 100_000,
    unit: 'messages',
    description: 'Most messages in one write to the fleet index.',
  }),
  WRITE_QUEUE_MAX: integer({
    default: 20_000,
    min: 1,
    max: 1_000_000,
    unit: 'messages',
    description: 'Most messages that wait for a write; more are refused.',
  }),
  HISTORY_RETENTION_DAYS: integer({
    default: 30,
    min: 1,
    max: 36_500,
    unit: 'days',
    description: 'Older days of cardata, trip, dtc, event and anomaly are dropped.',
  }),
  DEAD_LETTER_RETENTION_DAYS: integer({
    default: 30,
    min: 1,
    max: 36_500,
    unit: 'days',
    description: 'Older dead letters are dropped.',
  }),
  DEAD_LETTER_SIZE_MAX_MB: integer({
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: 'MB',
    description:
      'Of their lines and rows together. Beyond it the oldest are dropped, counted and logged as an error; at three times as much, new ones wait.',
  }),

  CLUSTERS_MAX: integer({
    default: 2500,
    min: 1,
    max: 10_000,
    unit: 'clusters',
    description: 'Of one aggregate answer; the tile precision is lowered until they fit.',
  }),
  STREAM_CLIENTS_MAX: integer({
    default: 500,
    min: 0,
    max: 100_000,
    unit: 'connections',
    description: 'Live streams open at once; more get 503.',
  }),
  STREAM_INTERVAL_MS: integer({
    default: 500,
    min: 10,
    max: 60_000,
    unit: 'ms',
    description: 'How long changes of a vehicle are gathered before a live stream sends them.',
  }),
} as const
