import type { Variable } from './variable.ts'
import { archiveVariables } from './variables/archive.ts'
import { chargingVariables } from './variables/charging.ts'
import { chargingDataVariables } from './variables/charging-data.ts'
import { feedVariables } from './variables/feed.ts'
import { fleetIndexVariables } from './variables/fleet-index.ts'
import { pipelineVariables } from './variables/pipelines.ts'
import { serviceVariables } from './variables/service.ts'
import { storeVariables } from './variables/stores.ts'
import { telemetryVariables } from './variables/telemetry.ts'

export { ROLES, type Role } from './variables/service.ts'

/** Every environment variable that Fleetgrid reads, in the sections of docs/configuration.md. */
export const sections = [
  { title: 'The service', variables: serviceVariables },
  { title: 'Telemetry feed', variables: feedVariables },
  { title: 'Telemetry', variables: telemetryVariables },
  { title: 'Fleet index', variables: fleetIndexVariables },
  { title: 'Charging', variables: chargingVariables },
  { title: 'Charging data', variables: chargingDataVariables },
  { title: 'Submissions and events', variables: pipelineVariables },
  { title: 'Archive', variables: archiveVariables },
  { title: 'Database and object store', variables: storeVariables },
] as const

export const variables = {
  ...serviceVariables,
  ...feedVariables,
  ...telemetryVariables,
  ...fleetIndexVariables,
  ...chargingVariables,
  ...chargingDataVariables,
  ...pipelineVariables,
  ...archiveVariables,
  ...storeVariables,
} as const satisfies Record<string, Variable<unknown>>

export type Env = { [K in keyof typeof variables]: ReturnType<(typeof variables)[K]['parse']> }

/** All that is wrong with the environment, in one list for a person. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} error(s):\n  - ${problems.join('\n  - ')}`)
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** @throws ConfigurationError with every wrong value at once */
export function readEnv(source?: Record<string, string | undefined>): Env {
  const { env, faults } = parseEnv(source)
  if (faults.size > 0) throw new ConfigurationError([...faults.values()])
  return env
}

/** Wrong values by their variable, which in `env` has its default, as if it weren't set. */
export function parseEnv(source: Record<string, string | undefined> = process.env): {
  readonly env: Env
  readonly faults: ReadonlyMap<string, string>
} {
  const faults = new Map<string, string>()
  const values: Record<string, unknown> = {}
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    const written = source[name]?.trim() || undefined
    try {
      values[name] = parseOrDefault(written, variable)
    } catch (error) {
      const shown = variable.secret ? '…' : JSON.stringify(written)
      faults.set(name, `${name}=${shown} ${(error as Error).message}`)
      values[name] = parseOrDefault(undefined, variable)
    }
  }
  return { env: values as Env, faults }
}

function parseOrDefault(written: string | undefined, variable: Variable<unknown>): unknown {
  const value = written ?? variable.default
  return value === undefined ? undefined : variable.parse(value)
}

/** Names of all variables that are set, ours and others'. */
export function namesGiven(
  source: Record<string, string | undefined> = process.env,
): readonly string[] {
  return Object.keys(source).filter((name) => (source[name]?.trim() ?? '') !== '')
}
