import type { ChargingTransaction } from '../../domain/charging-transaction.ts'
import type { JsonObject } from '../../domain/json.ts'
import type {
  ChargePointHoldings,
  Holding,
  HoldingChange,
} from '../../ports/charge-point-holdings.ts'
import type { ParametersOf } from '../command-kinds.ts'
import type { ChargingProfile } from '../command-parts.ts'
import { type Effect, type EffectOf, joinKey, saysAccepted } from './effect.ts'

// A profile's document is `{ evseId, profile }`; its key is the profile's id.

/** More than any charge point keeps (OCPP 1.6 MaxChargingProfilesInstalled). */
const PROFILES_MAX = 1000

interface HeldProfile {
  readonly evseId: number
  readonly profile: ChargingProfile
}

export function readProfile({ document }: Holding): HeldProfile {
  return document as unknown as HeldProfile
}

export const profileSet: EffectOf<'set-charging-profile'> = async (command, holdings) => {
  const { chargePointId, parameters, answer } = command
  if (!saysAccepted(answer)) return undefined
  const { evseId = 0, profile } = parameters
  return replace(holdings, chargePointId, { evseId, profile })
}

/** A profile that comes with the wish to start. */
export const profileStarted: EffectOf<'start-charging'> = async (command, holdings) => {
  const { chargePointId, parameters, answer } = command
  const { evseId = 0, profile } = parameters
  if (profile === undefined || !saysAccepted(answer)) return undefined
  return replace(holdings, chargePointId, { evseId, profile })
}

/** Unknown: it has none that fits, so those that we knew of are gone. */
export const profileCleared: EffectOf<'clear-charging-profile'> = async (command, holdings) => {
  const { chargePointId, parameters, answer } = command
  if (!saysAccepted(answer) && answer['status'] !== 'Unknown') return undefined
  const those = await listProfiles(holdings, chargePointId)
  return { remove: those.filter((one) => fits(readProfile(one), parameters)).map(selectorOf) }
}

function listProfiles(
  holdings: ChargePointHoldings,
  chargePointId: string,
): Promise<readonly Holding[]> {
  return holdings.list({ chargePointId, kind: 'charging-profile', limit: PROFILES_MAX })
}

function toHolding({ evseId, profile }: HeldProfile): NonNullable<HoldingChange['put']>[number] {
  const document = { evseId, profile } as unknown as JsonObject
  return { kind: 'charging-profile', key: joinKey(profile.id), document }
}

async function replace(
  holdings: ChargePointHoldings,
  chargePointId: string,
  held: HeldProfile,
): Promise<Effect> {
  const those = await listProfiles(holdings, chargePointId)
  return {
    remove: those.filter((one) => isReplaced(readProfile(one), held)).map(selectorOf),
    put: [toHolding(held)],
  }
}

/**
 * OCPP 1.6 §5.16.2, 2.0.1 K01.FR.05: of one purpose and level at one place there is one. Those of a
 * transaction are gone with it, and an EVSE has one transaction at a time.
 */
function isReplaced(held: HeldProfile, by: HeldProfile): boolean {
  const [one, other] = [held.profile, by.profile]
  if (held.evseId !== by.evseId || one.purpose !== other.purpose) return false
  if (one.transactionId !== other.transactionId) return one.purpose === 'transaction'
  return one.stackLevel === other.stackLevel
}

/** Not past its time; of a transaction, as long as that runs. */
export function isInForce(
  { evseId, profile }: HeldProfile,
  open: readonly Pick<ChargingTransaction, 'id' | 'evseId'>[],
  now: number,
): boolean {
  if (profile.validTo !== undefined && Date.parse(profile.validTo) <= now) return false
  if (profile.purpose !== 'transaction') return true
  const { transactionId } = profile
  if (transactionId !== undefined) return open.some(({ id }) => id === transactionId)
  return open.some((transaction) => evseId === 0 || transaction.evseId === evseId)
}

function fits(
  { evseId, profile }: HeldProfile,
  criteria: ParametersOf<'clear-charging-profile'>,
): boolean {
  // OCPP 2.0.1 K10.FR.03: with an id, nothing else is looked at. In 1.6 it is the only one that has it.
  if (criteria.profileId !== undefined) return profile.id === criteria.profileId
  return (
    (criteria.evseId ?? evseId) === evseId &&
    (criteria.purpose ?? profile.purpose) === profile.purpose &&
    (criteria.stackLevel ?? profile.stackLevel) === profile.stackLevel
  )
}

function selectorOf({ kind, key }: Holding): {
  readonly kind: Holding['kind']
  readonly key: string
} {
  return { kind, key }
}
