import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { ChargePointHoldings, HoldingChange } from '../../ports/charge-point-holdings.ts'
import type { CommandKind, ParametersOf } from '../command-kinds.ts'

/** A command that a charge point has answered. */
export interface Answered<Kind extends CommandKind> {
  readonly chargePointId: string
  readonly parameters: ParametersOf<Kind>
  /** In the words of its protocol. */
  readonly answer: JsonObject
  /** Epoch milliseconds. */
  readonly at: number
}

export type Effect = Pick<HoldingChange, 'remove' | 'put'>

/**
 * What a charge point holds otherwise because of its answer; undefined: all is as it was. It may be
 * asked again for the same command, and then says the same.
 */
export type EffectOf<Kind extends CommandKind> = (
  command: Answered<Kind>,
  holdings: ChargePointHoldings,
) => Effect | undefined | Promise<Effect | undefined>

/** Both versions answer so to nearly everything. */
export function saysAccepted({ status }: JsonObject): boolean {
  return status === 'Accepted'
}

export function objectsIn(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}

export function textIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numberIn(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Parts of a key, which has no slash within a part. */
export function joinKey(...parts: readonly (string | number)[]): string {
  return parts.map((part) => encodeURIComponent(String(part).toWellFormed())).join('/')
}
