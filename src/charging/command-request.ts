import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ChargingCommand } from '../domain/charging-command.ts'
import type { JsonObject } from '../domain/json.ts'
import { createUuidV5 } from '../lib/uuid-v5.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import { COMMAND_KINDS, type CommandKind, type CommandRules } from './command-kinds.ts'
import { openSecrets, sealSecrets } from './secret-parameters.ts'

// What an operator asks for, as a command. Who gets no answer asks once more, with the same idempotency
// key: that is the same command. Nothing is remembered of keys but the commands themselves, so they last
// as long as those do.

/** Of what may be sent again. */
const ATTEMPTS_MAX = 3
/** Integers of OCPP 1.6 have 32 bits. */
const NUMBER_MAX = 2 ** 31 - 1
/** Of this purpose alone. */
const idOfName = createUuidV5('66027f10-5b2e-4437-aaef-39a1818a6578')

export interface CommandRequest {
  readonly kind: CommandKind
  /** They have passed the schema of the kind. */
  readonly parameters: JsonObject
  /** Not given: as is usual for the kind. */
  readonly lifetimeMs?: number
  /** Who is to be told of the outcome. */
  readonly webhookUrl?: string
  /** Chosen by who asks: asked for again with the same one, it is the same command. */
  readonly idempotencyKey?: string
}

export function createCommand(
  id: string,
  chargePointId: string,
  { kind, parameters, lifetimeMs, webhookUrl }: CommandRequest,
  createdAt: number,
  keys: ChargePointKeys,
): ChargingCommand {
  const rules: CommandRules = COMMAND_KINDS[kind]
  const { numbered } = rules
  const isWithout = numbered !== undefined && parameters[numbered] === undefined
  const numbers = isWithout ? { [numbered]: randomInt(1, NUMBER_MAX) } : {}
  return {
    id,
    chargePointId,
    kind,
    parameters: sealSecrets({ ...parameters, ...numbers }, keys),
    state: 'queued',
    createdAt,
    expiresAt: createdAt + (lifetimeMs ?? rules.lifetimeMs),
    coalesceKey: rules.coalesceKey?.(parameters as never),
    attemptsLeft: rules.isRepeatable ? ATTEMPTS_MAX : 1,
    webhook:
      webhookUrl === undefined ? undefined : { url: webhookUrl, state: 'waiting', attempts: 0 },
  }
}

/** The same one for the same key of the same charge point. */
export function commandIdOf(chargePointId: string, idempotencyKey: string): string {
  const name = Buffer.from(JSON.stringify([chargePointId, idempotencyKey]))
  return idOfName(name.toString('latin1'))
}

/** Whether the command is what is asked for, but for what was filled in when it was asked for first. */
export function isSameRequest(
  command: ChargingCommand,
  { kind, parameters, lifetimeMs, webhookUrl }: CommandRequest,
  keys: ChargePointKeys,
): boolean {
  const rules: CommandRules = COMMAND_KINDS[kind]
  const { numbered } = rules
  const known = openSecrets(command.parameters, keys)
  const filledIn = numbered === undefined ? {} : { [numbered]: known[numbered] }
  return (
    command.kind === kind &&
    command.expiresAt - command.createdAt === (lifetimeMs ?? rules.lifetimeMs) &&
    command.webhook?.url === webhookUrl &&
    isDeepStrictEqual(known, { ...filledIn, ...parameters })
  )
}
