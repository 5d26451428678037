import type { ChargePointSession, ExecutionResult } from '../../../src/charging/session.ts'
import type { Registration } from '../../../src/domain/charge-point.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import { createProtocol } from '../../../src/ocpp/protocol.ts'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'
import type { ChargingWorld } from '../../helpers/charging-world.ts'

export const protocol16 = createProtocol('1.6', actions16)

export interface Station {
  readonly session: ChargePointSession
  /** What passes the schema is handled; the answer passes its schema, too. */
  call<Answer = object>(action: string, request: object): Promise<Answer>
}

/** A charge point of 1.6, without its socket. */
export async function createStation(
  world: ChargingWorld,
  registration?: Registration,
): Promise<Station> {
  const session = await world.connect('1.6', registration)
  return {
    session,
    async call<Answer>(action: string, request: object) {
      const handle = actions16[action]?.from?.handle
      if (handle === undefined) throw new Error(`${action} is not for a charge point`)
      mustBeRight('Request', action, request)
      const answer = await handle({ session, request: request as never, services: world.services })
      mustBeRight('Response', action, answer)
      return answer as Answer
    },
  }
}

/** By the schema; undefined: there is none. */
export function faultOf(
  direction: 'Request' | 'Response',
  action: string,
  payload: object,
): string | undefined {
  const { error } = protocol16.validators.check(direction, action, payload)
  return error && `${error.fault} ${error.description}`
}

function mustBeRight(direction: 'Request' | 'Response', action: string, payload: object): void {
  const fault = faultOf(direction, action, payload)
  if (fault !== undefined) throw new Error(`${direction} of ${action}: ${fault}`)
}

/** The action and the request that carry a command out. */
export function compose(kind: string, parameters: JsonObject): [action: string, request: object] {
  const rows = protocol16.byKind.get(kind) ?? []
  const row = rows.find(({ action }) => action.fits?.(parameters as never) ?? true)
  if (row === undefined) throw new Error(`1.6 has no ${kind} of ${JSON.stringify(parameters)}`)
  const request = row.action.compose(parameters as never)
  mustBeRight('Request', row.name, request)
  return [row.name, request]
}

export function read(action: string, answer: object): ExecutionResult {
  const to = actions16[action]?.to
  if (to === undefined) throw new Error(`we don't call ${action}`)
  mustBeRight('Response', action, answer)
  return to.read(answer as never)
}
