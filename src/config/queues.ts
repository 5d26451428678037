import type { Env } from './env.ts'
import { isLoopback } from './is-loopback.ts'

/** Whose messages wait for the same writes. */
const TELEMETRY_QUEUES = [
  'TELEMETRY_QUEUE_URL',
  'ANOMALY_QUEUE_URL',
  'RULE_ERROR_QUEUE_URL',
] as const

export const QUEUES = [
  ...TELEMETRY_QUEUES,
  'SUBMISSION_QUEUE_URL',
  'SUBMISSION_DIAGNOSTIC_QUEUE_URL',
] as const

type QueueVariable = (typeof QUEUES)[number]

/** Those that are set and read; what another setting makes idle is overlooked, and said. */
export function usedQueues(env: Env): QueueVariable[] {
  const idle: Partial<Record<QueueVariable, boolean>> = {
    TELEMETRY_QUEUE_URL: env.TELEMETRY_FEED !== 'sqs',
    SUBMISSION_QUEUE_URL: isSubmissionQueueIdle(env),
  }
  return QUEUES.filter((name) => env[name] !== undefined && !idle[name])
}

/** SUBMISSION_QUEUE says that its URL isn't read. */
export function isSubmissionQueueIdle({ SUBMISSION_QUEUE: choice }: Env): boolean {
  return choice === 'embedded' || choice === 'off'
}

export function findQueueProblems(env: Env): string[] {
  const used = usedQueues(env)
  const queues = TELEMETRY_QUEUES.filter((name) => used.includes(name))
  const inFlight = queues.length * env.SQS_IN_FLIGHT_MAX
  const problems: string[] = []
  if (inFlight > env.WRITE_QUEUE_MAX) {
    problems.push(
      `SQS_IN_FLIGHT_MAX of ${queues.join(', ')} together (${queues.length} × ${env.SQS_IN_FLIGHT_MAX} = ${inFlight}) must not exceed WRITE_QUEUE_MAX (${env.WRITE_QUEUE_MAX})`,
    )
  }
  return [...problems, ...findSharedQueues(env, used)]
}

/**
 * What one reader keeps or rejects, the other would get: of a queue of submissions that takes its own
 * diagnostics, the same one without end.
 */
function findSharedQueues(env: Env, used: readonly QueueVariable[]): string[] {
  const owners = new Map<string, string>()
  const embedded = `127.0.0.1:${env.SUBMISSION_QUEUE_PORT}`
  if (env.SUBMISSION_QUEUE === 'embedded') owners.set(embedded, 'SUBMISSION_QUEUE=embedded')
  return used.flatMap((name) => {
    const { place, path } = placeOf(env[name] ?? '')
    // The embedded one is all that is there, whatever the path.
    const queue = owners.has(place) ? place : `${place}${path}`
    const owner = owners.get(queue)
    owners.set(queue, owner ?? name)
    return owner === undefined
      ? []
      : [`${name} is the same queue as that of ${owner}: each needs one of its own`]
  })
}

function placeOf(url: string): { readonly place: string; readonly path: string } {
  const { hostname, port, pathname } = new URL(url)
  const host = isLoopback(hostname.replace(/^\[|\]$/g, '')) ? '127.0.0.1' : hostname
  return { place: `${host}:${port}`, path: pathname.replace(/\/+$/, '') }
}
