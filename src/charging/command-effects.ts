import type { JsonObject } from '../domain/json.ts'
import type { ChargePointHoldings } from '../ports/charge-point-holdings.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import type { CommandKind } from './command-kinds.ts'
import {
  certificateDeleted,
  certificateInstalled,
  certificatesTold,
  ownCertificateInstalled,
} from './holdings/certificates.ts'
import { profileCleared, profileSet, profileStarted } from './holdings/charging-profiles.ts'
import type { EffectOf } from './holdings/effect.ts'
import { listSent, listVersionTold } from './holdings/local-list.ts'
import { cancelled, reserved } from './holdings/reservations.ts'
import { acceptedVariables, variablesSet, variablesTold } from './holdings/variables.ts'
import { newKeyIn } from './secret-parameters.ts'

// What passes through here: a command that a charge point has answered → what is different now. Of no
// effect a second time.

export interface AcceptedCommand {
  readonly chargePointId: string
  readonly kind: CommandKind
  /** With its secrets open. */
  readonly parameters: JsonObject
  /** In the words of its protocol. */
  readonly answer: JsonObject | undefined
  /** Epoch milliseconds. */
  readonly at: number
}

export interface CommandEffects {
  /**
   * Resolves when it is durable. For each command that was accepted, and for each of the others that
   * `hasEffectIfRefused` names, if it was answered.
   * @throws FleetgridError `unavailable` while the store is away
   */
  apply(command: AcceptedCommand): Promise<void>
}

export interface CommandEffectsOptions {
  readonly holdings: ChargePointHoldings
  readonly chargePoints: Pick<ChargePoints, 'change'>
  readonly keys: Pick<ChargePointKeys, 'hash'>
}

const EFFECTS: { readonly [Kind in CommandKind]?: EffectOf<Kind> } = {
  'start-charging': profileStarted,
  reserve: reserved,
  'cancel-reservation': cancelled,
  'set-charging-profile': profileSet,
  'clear-charging-profile': profileCleared,
  'send-local-list': listSent,
  'get-local-list-version': listVersionTold,
  'set-variables': variablesSet,
  'get-variables': variablesTold,
  'install-certificate': certificateInstalled,
  'install-signed-certificate': ownCertificateInstalled,
  'delete-certificate': certificateDeleted,
  'get-installed-certificate-ids': certificatesTold,
}

/**
 * Their answers tell something even if the command was rejected or has failed: of several variables
 * some may be accepted, and what can't be cleared is not there.
 */
const TELLING: ReadonlySet<CommandKind> = new Set([
  'set-variables',
  'get-variables',
  'cancel-reservation',
  'clear-charging-profile',
  'delete-certificate',
  'get-local-list-version',
])

export function hasEffectIfRefused(kind: CommandKind): boolean {
  return TELLING.has(kind)
}

export function createCommandEffects(options: CommandEffectsOptions): CommandEffects {
  const { holdings } = options
  return {
    async apply({ kind, answer, ...rest }) {
      if (answer === undefined) return
      const command = { ...rest, answer }
      if (kind === 'set-variables') await changeKey(command, options)
      const { chargePointId, at } = command
      const effect = await EFFECTS[kind]?.(command as never, holdings)
      if (effect !== undefined) await holdings.change({ chargePointId, at, ...effect })
    },
  }
}

/** From its answer on the old one is worth nothing (OCPP 1.6 security whitepaper A01, 2.0.1 A01). */
async function changeKey(
  command: Omit<AcceptedCommand, 'kind' | 'answer'> & { readonly answer: JsonObject },
  { chargePoints, keys }: CommandEffectsOptions,
): Promise<void> {
  const { chargePointId } = command
  const accepted = acceptedVariables(command as never).map(({ variable }) => ({ ...variable }))
  const key = newKeyIn({ variables: accepted })
  if (key === undefined) return
  await chargePoints.change(chargePointId, { keyHash: keys.hash(chargePointId, key) })
}
