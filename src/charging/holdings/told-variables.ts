import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { compact } from '../../lib/compact.ts'
import type { VariableRef } from '../command-parts.ts'
import { numberIn, objectsIn, textIn } from './effect.ts'

// What an answer says of variables. Answers are kept in the words of their protocol, so these are
// OCPP's: GetConfiguration of 1.6 (§6.24), GetVariables and SetVariables of 2.0.1 (§B05, §B06).

/** A variable, and what a charge point says of it. */
export interface ToldVariable {
  readonly ref: VariableRef
  readonly facts: VariableFacts
}

export interface VariableFacts {
  readonly value?: string
  readonly isReadOnly?: boolean
  /** The value counts from its next start on. */
  readonly needsReboot?: boolean
  readonly dataType?: string
  readonly unit?: string
  readonly min?: number
  readonly max?: number
  /** Allowed ones, separated by commas. */
  readonly values?: string
}

export interface Told {
  readonly told: readonly ToldVariable[]
  /** It has none of this name. */
  readonly unknown: readonly VariableRef[]
}

export function readTold(answer: JsonObject): Told {
  const results = objectsIn(answer['getVariableResult']).map((result) => ({
    ...readTold201(result),
    status: result['attributeStatus'],
  }))
  const unknownKeys = Array.isArray(answer['unknownKey']) ? answer['unknownKey'] : []
  return {
    told: [
      ...objectsIn(answer['configurationKey']).map(readKey),
      ...results.filter(({ status }) => status === 'Accepted'),
    ],
    unknown: [
      ...unknownKeys.flatMap((name) => (typeof name === 'string' ? [{ name }] : [])),
      ...results.filter(({ status }) => isUnknown(status)).map(({ ref }) => ref),
    ],
  }
}

function readKey({ key, readonly, value }: JsonObject): ToldVariable {
  const isReadOnly = typeof readonly === 'boolean' ? readonly : undefined
  return { ref: { name: textIn(key) ?? '' }, facts: compact({ value: textIn(value), isReadOnly }) }
}

function isUnknown(status: Json | undefined): boolean {
  return status === 'UnknownComponent' || status === 'UnknownVariable'
}

/** Actual goes without saying. */
const ATTRIBUTES = { Target: 'target', MinSet: 'min', MaxSet: 'max' } as const

export function readTold201(result: JsonObject): ToldVariable {
  const { component, variable, attributeType, attributeValue } = result
  return {
    ref: readVariable201(component, variable, textIn(attributeType)),
    facts: compact({ value: textIn(attributeValue) }),
  }
}

/** ComponentType, VariableType and AttributeEnumType of OCPP 2.0.1 part 2 §2. */
export function readVariable201(
  component: Json | undefined,
  variable: Json | undefined,
  attributeType = 'Actual',
): VariableRef {
  const { name: componentName, instance: componentInstance, evse } = orEmpty(component)
  const { id, connectorId } = orEmpty(evse)
  const { name, instance } = orEmpty(variable)
  return compact({
    component: textIn(componentName),
    componentInstance: textIn(componentInstance),
    evseId: numberIn(id),
    connectorId: numberIn(connectorId),
    name: textIn(name) ?? '',
    instance: textIn(instance),
    attribute: isAttribute(attributeType) ? ATTRIBUTES[attributeType] : undefined,
  })
}

function isAttribute(type: string): type is keyof typeof ATTRIBUTES {
  return Object.hasOwn(ATTRIBUTES, type)
}

function orEmpty(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
