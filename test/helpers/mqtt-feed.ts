import { randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMqttFeed, type MqttFeedOptions } from '../../src/adapters/telemetry-feed/mqtt.ts'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import type { HeldLease, LeaseOptions, Leases, TakenLease } from '../../src/ports/leases.ts'
import type { TelemetryFeed } from '../../src/ports/telemetry-feed.ts'

/** Both must do the same. */
export const MQTT_CLIENTS = ['direct', 'aws-sdk'] as const

/** Settings for a test's own broker; names of its own, for a broker that is shared. */
export function mqttFeedConfig(
  url: string,
  overrides: Partial<MqttFeedConfig> = {},
): MqttFeedConfig {
  const name = `test-${randomUUID().slice(0, 8)}`
  return {
    adapter: 'mqtt',
    client: 'direct',
    url,
    clientIdPrefix: name,
    shareName: name,
    connections: 2,
    unacknowledgedMax: 100,
    sessionExpirySeconds: 300,
    keepAliveSeconds: 30,
    caFile: undefined,
    certificateFile: undefined,
    keyFile: undefined,
    username: undefined,
    password: undefined,
    signingRegion: undefined,
    platformEvents: false,
    ...overrides,
  }
}

export interface TestFeed {
  readonly feed: TelemetryFeed
  /** What the feed said, in order: "{client id}: {text}". */
  readonly failures: string[]
  readonly reopened: string[]
  /** "joined 1", "lost 1", "drained 2" */
  readonly members: string[]
  /** Connections that are up. */
  readonly connections: () => number
}

// A closed client of the SDK keeps the process alive until its memory is collected, which doesn't
// happen in a process that is idle (awslabs/aws-crt-nodejs#600). A real process exits by itself.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
setInterval(collectGarbage, 500).unref()

export function makeMqttFeed(
  config: MqttFeedConfig,
  leases: Leases = soleHolder(),
  { sweep }: Pick<MqttFeedOptions, 'sweep'> = {},
): TestFeed {
  const failures: string[] = []
  const reopened: string[] = []
  const members: string[] = []
  let connections = 0
  const feed = createMqttFeed(config, {
    leases,
    now: Date.now,
    onConnections: (count) => {
      connections = count
    },
    onFailed: (client, reason) => failures.push(`${client}: ${reason}`),
    onReopened: (client, reason) => reopened.push(`${client}: ${reason}`),
    onMember: (event, number) => members.push(`${event} ${number}`),
    startTimeoutMs: 5000,
    ...(sweep === undefined ? {} : { sweep }),
  })
  return { feed, failures, reopened, members, connections: () => connections }
}

/** Leases for one process: who asks first has it until it is released or taken away. */
export function soleHolder(): Leases & { takeAway(): void } {
  const taken = new Map<string, TakenLease>()
  const waiting: LeaseOptions[] = []
  let holder: LeaseOptions | undefined
  const give = (): void => {
    holder = waiting.shift()
    holder?.onGained()
  }
  return {
    hold(_name, options): HeldLease {
      waiting.push(options)
      if (holder === undefined) give()
      return {
        release: async () => {
          const place = waiting.indexOf(options)
          if (place >= 0) waiting.splice(place, 1)
          if (holder === options) give()
        },
      }
    },
    async take(name, { value }) {
      if (taken.has(name)) return undefined
      const lease = {
        value,
        setValue: async () => undefined,
        release: async () => {
          if (taken.get(name) === lease) taken.delete(name)
        },
      }
      taken.set(name, lease)
      return lease
    },
    listLeft: async () => [],
    /** As when its holder stood still for too long: the next one has it, the holder waits again. */
    takeAway() {
      const loser = holder
      loser?.onLost('taken')
      if (loser !== undefined) waiting.push(loser)
      give()
    },
  }
}
