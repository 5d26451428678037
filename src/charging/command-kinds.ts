import type { Static } from 'typebox'
import type { PARAMETERS } from './command-parameters.ts'

// Everything that a charge point can be told to do, in words of no protocol. A version of OCPP says a
// kind in its own words, or that it can't (src/ocpp/v16, src/ocpp/v201).

export type CommandKind = keyof typeof PARAMETERS
export type ParametersOf<Kind extends CommandKind> = Static<(typeof PARAMETERS)[Kind]>

/** How a kind of commands is treated, whatever its parameters (command-parameters.ts) are. */
export interface CommandRules {
  /** How long it waits for the charge point, if nobody says otherwise. */
  readonly lifetimeMs: number
  /**
   * May it be sent again if nobody knows whether the charge point has carried it out? Not if twice
   * differs from once, or if the charge point may be in the middle of it.
   */
  readonly isRepeatable: boolean
  /** May it be sent before the charge point is accepted? OCPP 1.6 §4.2, 2.0.1 B02.FR.05. */
  readonly isForPending: boolean
  /** A parameter that gets a fresh number if it is left out. */
  readonly numbered?: 'requestId' | 'reservationId' | 'remoteStartId'
  /** What of the charge point it sets: a later command for the same replaces one that still waits. */
  readonly coalesceKey?: (parameters: never) => string
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const ONCE = { isRepeatable: false, isForPending: true } as const
const REPEATABLE = { isRepeatable: true, isForPending: true } as const
const CHARGING = { isForPending: false } as const

// biome-ignore format: a table
export const COMMAND_KINDS = {
  'start-charging':                { lifetimeMs: 2 * MINUTE,  ...CHARGING, isRepeatable: false, numbered: 'remoteStartId' },
  'stop-charging':                 { lifetimeMs: 1 * HOUR,    ...CHARGING, isRepeatable: true },
  'reset':                         { lifetimeMs: 10 * MINUTE, ...ONCE },
  'unlock-connector':              { lifetimeMs: 1 * MINUTE,  ...ONCE },
  'change-availability':           { lifetimeMs: 7 * DAY,     ...REPEATABLE, coalesceKey: availabilityKey },
  'set-variables':                 { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'get-variables':                 { lifetimeMs: 1 * HOUR,    ...REPEATABLE },
  'clear-cache':                   { lifetimeMs: 1 * DAY,     ...REPEATABLE },
  'send-vendor-message':           { lifetimeMs: 1 * HOUR,    ...ONCE },
  'update-firmware':               { lifetimeMs: 7 * DAY,     ...ONCE, numbered: 'requestId' },
  'get-logs':                      { lifetimeMs: 1 * DAY,     ...REPEATABLE, numbered: 'requestId' },
  'get-diagnostics':               { lifetimeMs: 1 * DAY,     ...REPEATABLE },
  'send-local-list':               { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'get-local-list-version':        { lifetimeMs: 1 * HOUR,    ...REPEATABLE },
  'reserve':                       { lifetimeMs: 10 * MINUTE, ...ONCE, numbered: 'reservationId' },
  'cancel-reservation':            { lifetimeMs: 1 * DAY,     ...REPEATABLE },
  'set-charging-profile':          { lifetimeMs: 1 * DAY,     ...REPEATABLE, coalesceKey: profileKey },
  'clear-charging-profile':        { lifetimeMs: 1 * DAY,     ...REPEATABLE },
  'get-composite-schedule':        { lifetimeMs: 10 * MINUTE, ...REPEATABLE },
  'trigger-message':               { lifetimeMs: 10 * MINUTE, ...REPEATABLE },
  'install-certificate':           { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'delete-certificate':            { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'get-installed-certificate-ids': { lifetimeMs: 1 * HOUR,    ...REPEATABLE },
  'install-signed-certificate':    { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'get-base-report':               { lifetimeMs: 1 * HOUR,    ...REPEATABLE, numbered: 'requestId' },
  'get-report':                    { lifetimeMs: 1 * HOUR,    ...REPEATABLE, numbered: 'requestId' },
  'set-network-profile':           { lifetimeMs: 7 * DAY,     ...REPEATABLE },
  'get-customer-information':      { lifetimeMs: 1 * DAY,     ...REPEATABLE, numbered: 'requestId' },
  'get-transaction-status':        { lifetimeMs: 1 * HOUR,    ...REPEATABLE },
} as const satisfies Record<CommandKind, CommandRules>

export function isCommandKind(kind: string): kind is CommandKind {
  return Object.hasOwn(COMMAND_KINDS, kind)
}

function availabilityKey(parameters: ParametersOf<'change-availability'>): string {
  return `change-availability/${parameters.evseId ?? 0}/${parameters.connectorId ?? 0}`
}

/** Profiles of different purposes and levels are in force together: none of them replaces another. */
function profileKey({ evseId = 0, profile }: ParametersOf<'set-charging-profile'>): string {
  const { purpose, stackLevel, transactionId = '' } = profile
  return `set-charging-profile/${evseId}/${purpose}/${stackLevel}/${transactionId}`
}
