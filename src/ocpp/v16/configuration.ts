import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { VariableRef } from '../../charging/command-parts.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus } from '../outcome.ts'
import { unsayable } from './unsayable.ts'

/** OCPP 1.6 §5.3. RebootRequired: it is set, and works from the next reset on. */
export const changeConfiguration: OutboundAction = {
  kind: 'set-variables',
  compose({ variables }: ParametersOf<'set-variables'>): OCPP16.ChangeConfigurationRequest {
    const [variable] = variables
    if (variable === undefined || variables.length > 1) {
      throw unsayable('variables', 'is one variable: send a command for each')
    }
    return { key: writeKey(variable), value: variable.value }
  },
  read: readStatus,
}

/** OCPP 1.6 §5.8 */
export const getConfiguration: OutboundAction = {
  kind: 'get-variables',
  compose({ variables }: ParametersOf<'get-variables'>): OCPP16.GetConfigurationRequest {
    return variables === undefined ? {} : { key: variables.map(writeKey) }
  },
  read: readAnswer,
}

/** The keys of 1.6 are names and nothing else. */
function writeKey(variable: VariableRef): string {
  const { name, attribute = 'actual', ...place } = variable
  const [more] = Object.keys(place).filter((field) => field !== 'value')
  if (more !== undefined) throw unsayable('variables', `have no ${more}`)
  if (attribute !== 'actual') throw unsayable('variables', 'have actual values only')
  return name
}
