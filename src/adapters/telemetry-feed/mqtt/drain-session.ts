import { pause } from '../../../lib/pause.ts'
import type { FeedMessage } from '../../../ports/telemetry-feed.ts'
import type { MakeConnection } from './connection.ts'

export interface DrainOptions {
  readonly clientId: string
  /** What its owner had subscribed to. */
  readonly filters: readonly string[]
  readonly makeConnection: MakeConnection
  readonly deliver: (message: FeedMessage) => void
  readonly onFailed: (clientId: string, reason: string) => void
  /** Without a message for so long, and with every answer given, nothing is left. */
  readonly quietMs: number
  /** Shorter in tests. */
  readonly subscribedMaxMs?: number
}

/** Of those that this instance has in hand beside the messages of its own connections. */
const UNACKNOWLEDGED_MAX = 25
const POLL_MS = 100
/** A broker that isn't there for so long is tried again with the next sweep. */
const CONNECT_MAX_MS = 30_000
/**
 * While others publish all the time, a session that is subscribed is never quiet, so it serves like
 * any other for so long. AWS IoT Core sends what it has stored at 10 messages a second (docs: MQTT
 * persistent sessions): 3000 until then, more than the 100 that may be unacknowledged on a connection.
 */
const SUBSCRIBED_MAX_MS = 300_000

/**
 * Delivers what the broker keeps for a client id that nobody uses any more, and ends its session.
 * It is read before it is unsubscribed, because a broker may drop what is buffered for a filter then
 * (MQTT 5 §3.10.4), and after it, because nothing new is assigned from then on. False if it couldn't
 * be finished; the session is as it was, then.
 */
export async function drainSession(options: DrainOptions, signal: AbortSignal): Promise<boolean> {
  const { clientId, filters, makeConnection, quietMs } = options
  const { subscribedMaxMs = SUBSCRIBED_MAX_MS } = options
  let hasSession = true
  let readyAt: number | undefined
  let lastAt = performance.now()
  const connection = makeConnection(clientId, {
    filters: [],
    unacknowledgedMax: UNACKNOWLEDGED_MAX,
    deliver: (message) => {
      lastAt = performance.now()
      options.deliver(message)
    },
    onReady: (isResumed) => {
      hasSession = isResumed
      lastAt = performance.now()
      readyAt ??= lastAt
    },
    onFailed: ({ text }) => options.onFailed(clientId, text),
  })
  connection.open()
  let isUnsubscribed = false
  while (!signal.aborted) {
    await pause(POLL_MS, signal)
    const quietForMs = performance.now() - lastAt
    if (!connection.isReady) {
      if (quietForMs > CONNECT_MAX_MS) break
      continue
    }
    const isQuiet = connection.isIdle && quietForMs > quietMs
    if (!hasSession || (isQuiet && isUnsubscribed)) {
      return await connection.close({ endsSession: true })
    }
    const isTime = performance.now() - (readyAt ?? 0) > subscribedMaxMs
    if (!isUnsubscribed && (isQuiet || isTime)) {
      isUnsubscribed = await connection.unsubscribe(filters)
      lastAt = performance.now()
    }
  }
  await connection.close()
  return false
}
