import type { JsonObject } from '../../domain/json.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargePointHoldings, HoldingChange } from '../../ports/charge-point-holdings.ts'
import type { ParametersOf } from '../command-kinds.ts'
import type { VariableRef } from '../command-parts.ts'
import { hideSecrets } from '../secret-parameters.ts'
import { type Answered, type EffectOf, joinKey, objectsIn, textIn } from './effect.ts'
import { readTold, readTold201, type ToldVariable } from './told-variables.ts'

// A variable's key begins with its name, which is what people look for. Its document is the reference
// to it and what is known of it. Values that are secrets are never kept.

const KIND = 'variable'
/** Of one charge point: some have thousands, none has more unless something is wrong with it. */
const VARIABLES_MAX = 10_000
/** Beside those of commands (secret-parameters.ts): OCPP 2.0.1 part 2, appendix 3. */
const SECRET_NAME = /password|secret|simpin|privatekey|vpnkey/i

export function variableKey(variable: VariableRef): string {
  const { name, component = '', componentInstance = '', instance = '' } = variable
  const { evseId = 0, connectorId = 0, attribute = 'actual' } = variable
  const parts = [name, component, componentInstance, evseId, connectorId, instance, attribute]
  // OCPP compares all of them without regard to case.
  return joinKey(...parts).toLowerCase()
}

/** What all keys of variables of this name begin with. */
export function namePrefix(name: string): string {
  return `${joinKey(name).toLowerCase()}/`
}

type SetVariable = ParametersOf<'set-variables'>['variables'][number]

/** OCPP 2.0.1 answers variable by variable; in 1.6 there is one. */
export function acceptedVariables({
  parameters: { variables },
  answer,
}: Pick<Answered<'set-variables'>, 'parameters' | 'answer'>): {
  readonly variable: SetVariable
  readonly needsReboot: boolean
}[] {
  const results = answer['setVariableResult']
  const statuses = new Map(
    objectsIn(results).map((result) => [keyOf201(result), textIn(result['attributeStatus'])]),
  )
  const statusOf = (variable: SetVariable): string | undefined =>
    results === undefined ? textIn(answer['status']) : statuses.get(variableKey(variable))
  return variables.flatMap((variable) => {
    const status = statusOf(variable)
    const needsReboot = status === 'RebootRequired'
    return needsReboot || status === 'Accepted' ? [{ variable, needsReboot }] : []
  })
}

export const variablesSet: EffectOf<'set-variables'> = async (command, holdings) => {
  const told = acceptedVariables(command).map(
    ({ variable: { value, ...ref }, needsReboot }): ToldVariable => ({
      ref,
      facts: compact({ value, isReadOnly: false, needsReboot: needsReboot || undefined }),
    }),
  )
  const { put } = await merge(holdings, command.chargePointId, told)
  return { put }
}

export const variablesTold: EffectOf<'get-variables'> = async (command, holdings) => {
  const { chargePointId, answer, parameters } = command
  const { told, unknown } = readTold(answer)
  const { put } = await merge(holdings, chargePointId, told)
  // OCPP 1.6: without keys it tells all that it has.
  const isAll = parameters.variables === undefined && answer['configurationKey'] !== undefined
  const gone = unknown.map((ref) => ({ kind: KIND, key: variableKey(ref) }) as const)
  return { remove: isAll ? [{ kind: KIND, prefix: '' }] : gone, put }
}

interface Merged {
  readonly put: NonNullable<HoldingChange['put']>
  /** False: there are too many, and nothing is kept of those that are new. */
  readonly isWhole: boolean
}

/** What is told of each, beside what was known of it. */
export async function merge(
  holdings: ChargePointHoldings,
  chargePointId: string,
  told: readonly ToldVariable[],
): Promise<Merged> {
  const byKey = new Map(told.map((one) => [variableKey(one.ref), one]))
  const known = await holdings.find(chargePointId, KIND, [...byKey.keys()])
  const isFull =
    known.size < byKey.size &&
    (await holdings.count(chargePointId, KIND)) + byKey.size - known.size > VARIABLES_MAX
  const taken = [...byKey].filter(([key]) => !isFull || known.has(key))
  const put = taken.map(([key, { ref, facts }]) => {
    const { value: _, needsReboot: __, ...before } = known.get(key)?.document ?? {}
    const { attribute = 'actual', ...place } = ref
    const which = attribute === 'actual' ? place : ref
    const document = withoutSecret({ ...before, ...which, ...facts })
    return { kind: KIND, key, document } as const
  })
  return { put, isWhole: put.length === byKey.size }
}

function withoutSecret(document: JsonObject): JsonObject {
  const isSecret =
    SECRET_NAME.test(textIn(document['name']) ?? '') ||
    hideSecrets(document)['value'] !== document['value']
  if (!isSecret) return document
  const { value: _, ...rest } = document
  return { ...rest, isSecret: true }
}

function keyOf201(result: JsonObject): string {
  return variableKey(readTold201(result).ref)
}
