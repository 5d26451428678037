import { type Env, type Role, variables } from './env.ts'
import { isSubmissionQueueIdle } from './queues.ts'
import type { Variable } from './variable.ts'

// What somebody wrote into the environment and nothing reads. Every other program's variables are
// there too, so that only names like ours and our own count.

const TYPOS_MAX = 2

/** Variables that only these roles read. */
const OF_ROLES: readonly { readonly pattern: RegExp; readonly roles: readonly Role[] }[] = [
  { pattern: /^(SUBMISSION_|FIREHOSE_)/, roles: ['pipelines'] },
  {
    pattern: /^(EVENT_STREAM|AWS_ENDPOINT_URL_KINESIS$)/,
    roles: ['pipelines', 'telemetry', 'fleet-api'],
  },
  { pattern: /^VEHICLE_EVENTS$/, roles: ['telemetry', 'fleet-api'] },
  // CSV of Firehose's deliveries has the same places as the archive's.
  {
    pattern:
      /^(TELEMETRY_FEED|MQTT_|(TELEMETRY|ANOMALY|RULE_ERROR)_QUEUE_URL$|ARCHIVE(?!_(CSV|ERROR)_PREFIX))/,
    roles: ['telemetry'],
  },
]

export interface Overlooked {
  /** info: the engine was chosen by name, so that the settings of another may well be left over. */
  readonly level: 'warn' | 'info'
  /** Names, never values. */
  readonly text: string
}

/** @param names variables that are set, whoever reads them */
export function findOverlooked(names: readonly string[], env: Env): Overlooked[] {
  return [
    ...findMisspelt(names),
    ...findUnused(names, env),
    ...findContradicted(names, env),
    ...findOfOtherRoles(names, env),
  ]
}

function findMisspelt(names: readonly string[]): Overlooked[] {
  return names.flatMap((name) => {
    const meant = Object.hasOwn(variables, name) ? undefined : nearest(name)
    if (meant === undefined) return []
    return [{ level: 'warn', text: `${name} is read by nothing: is ${meant} meant?` }]
  })
}

/** Settings of engines that aren't chosen, a line for each engine. */
function findUnused(names: readonly string[], env: Env): Overlooked[] {
  const known: Readonly<Record<string, Variable<unknown>>> = variables
  const values: Readonly<Record<string, unknown>> = env
  const unused = Map.groupBy(
    names.filter((name) => {
      const [chooser = '', choice] = known[name]?.engine?.split('=') ?? []
      return choice !== undefined && values[chooser] !== choice
    }),
    (name) => known[name]?.engine ?? '',
  )
  return [...unused].map(([engine, idle]) => {
    const [chooser = ''] = engine.split('=')
    const level = names.includes(chooser) ? 'info' : 'warn'
    return { level, text: `${idle.join(', ')}: read only with ${engine}` }
  })
}

/** Its URL alone would choose that queue; another choice beside it is hardly meant. */
function findContradicted(names: readonly string[], env: Env): Overlooked[] {
  if (!names.includes('SUBMISSION_QUEUE_URL') || !isSubmissionQueueIdle(env)) return []
  const text = `SUBMISSION_QUEUE_URL: not read with SUBMISSION_QUEUE=${env.SUBMISSION_QUEUE}`
  return [{ level: 'warn', text }]
}

/** Roles are chosen by name, and instances of a system mostly have the same settings. */
function findOfOtherRoles(names: readonly string[], env: Env): Overlooked[] {
  return OF_ROLES.flatMap(({ pattern, roles }) => {
    if (roles.some((role) => env.FLEETGRID_ROLES.includes(role))) return []
    const idle = names.filter((name) => Object.hasOwn(variables, name) && pattern.test(name))
    if (idle.length === 0) return []
    const text = `${idle.join(', ')}: read only with the role ${roles.join(' or ')}`
    return [{ level: 'info', text }]
  })
}

function nearest(name: string): string | undefined {
  const written = name.toUpperCase()
  let best: string | undefined
  let typos = TYPOS_MAX + 1
  for (const known of Object.keys(variables)) {
    // PGDATABASE is no DATABASE: hardly anybody gets the first letter wrong.
    if (known[0] !== written[0]) continue
    const distance = isCutOff(written, known) ? TYPOS_MAX : countTypos(written, known)
    if (distance >= typos) continue
    best = known
    typos = distance
  }
  return best
}

/** MQTT_USER, DRAIN_TIMEOUT: the end is missing, but more is there than a word that others use. */
function isCutOff(written: string, known: string): boolean {
  return known.startsWith(written) && known !== written && /_\w{3}/.test(written)
}

/** Letters that are missing, too many, wrong or swapped with the next; more than the limit is Infinity. */
function countTypos(written: string, known: string): number {
  if (Math.abs(written.length - known.length) > TYPOS_MAX) return Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: known.length + 1 }, (_, column) => column)
  for (let row = 1; row <= written.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= known.length; column += 1) {
      const isSame = written[row - 1] === known[column - 1]
      const isSwapped =
        written[row - 1] === known[column - 2] && written[row - 2] === known[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[known.length] ?? 0
}
