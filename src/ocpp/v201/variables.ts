import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { VariableRef } from '../../charging/command-parts.ts'
import type { ExecutionResult } from '../../charging/session.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, stateOf, toJson, writeReason } from '../outcome.ts'
import { writeEvse } from './place.ts'
import { needed, unsayable } from './unsayable.ts'

const ATTRIBUTE = { actual: 'Actual', target: 'Target', min: 'MinSet', max: 'MaxSet' } as const
/** SetVariableDataType.attributeValue */
const VALUE_LENGTH_MAX = 1000

/** OCPP 2.0.1 §B06 */
export const getVariables: OutboundAction = {
  kind: 'get-variables',
  compose({ variables }: ParametersOf<'get-variables'>): OCPP20.GetVariablesRequest {
    if (variables === undefined) {
      throw unsayable('variables', 'are needed; all that there are is what get-base-report tells')
    }
    return { getVariableData: variables.map(writeVariable) }
  },
  read(answer: OCPP20.GetVariablesResponse): ExecutionResult {
    return readResults(answer, answer.getVariableResult)
  },
}

/** OCPP 2.0.1 §B05. Accepted if all of them are. */
export const setVariables: OutboundAction = {
  kind: 'set-variables',
  compose({ variables }: ParametersOf<'set-variables'>): OCPP20.SetVariablesRequest {
    return {
      setVariableData: variables.map(({ value, ...variable }) => {
        if (value.length > VALUE_LENGTH_MAX) {
          throw unsayable('value', `is no longer than ${VALUE_LENGTH_MAX} characters`)
        }
        return { ...writeVariable(variable), attributeValue: value }
      }),
    }
  },
  read(answer: OCPP20.SetVariablesResponse): ExecutionResult {
    return readResults(answer, answer.setVariableResult)
  },
}

function writeVariable(variable: VariableRef) {
  const { component, componentInstance, evseId, connectorId, name, instance, attribute } = variable
  return compact({
    component: compact({
      name: needed(component, 'component'),
      instance: componentInstance,
      evse: writeEvse(evseId, connectorId),
    }),
    variable: compact({ name, instance }),
    attributeType: attribute && ATTRIBUTE[attribute],
  })
}

type Result =
  | OCPP20.GetVariablesResponse['getVariableResult'][number]
  | OCPP20.SetVariablesResponse['setVariableResult'][number]

function readResults(answer: object, results: readonly Result[]): ExecutionResult {
  const refused = results.filter(({ attributeStatus }) => stateOf(attributeStatus) !== 'accepted')
  const [first] = refused
  if (first === undefined) return readAnswer(answer)
  const { component, variable, attributeStatus, attributeStatusInfo } = first
  const rest = refused.length === 1 ? '' : `, and ${refused.length - 1} more`
  return {
    state: refused.some(({ attributeStatus }) => attributeStatus === 'Rejected')
      ? 'rejected'
      : 'failed',
    answer: toJson(answer),
    reason: `${component.name}.${variable.name}: ${writeReason(attributeStatus, attributeStatusInfo)}${rest}`,
  }
}
