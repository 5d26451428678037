import type { ChargingServices } from '../charging/services.ts'
import type { ChargePointSession } from '../charging/session.ts'
import type { InboundAction } from './action.ts'
import { type CallFrame, renderError, renderResult } from './frame.ts'
import { type OcppObserver, UNKNOWN_ACTION } from './observer.ts'
import type { Protocol } from './protocol.ts'
import { codeOf, isBug, type RpcError, toRpcError } from './rpc-error.ts'

export interface CallRoute {
  readonly protocol: Protocol
  readonly services: ChargingServices
  readonly observer: OcppObserver
}

/**
 * What a charge point's call is answered with, as the text of a frame: its action's answer or an
 * error. Both schemas are checked: what we say wrong is a bug of ours, and stays here. Never rejects.
 */
export async function answerCall(
  call: CallFrame,
  session: ChargePointSession,
  route: CallRoute,
): Promise<string> {
  const { protocol, observer } = route
  const startedAt = performance.now()
  const answer = await handleCall(call, session, route)
  const isError = typeof answer !== 'string'
  const action = protocol.validators.has(call.action) ? call.action : UNKNOWN_ACTION
  const outcome = isError ? answer.fault : 'answered'
  observer.call('in', action, outcome, (performance.now() - startedAt) / 1000)
  if (!isError) return answer
  return renderError(call.id, codeOf(protocol.version, answer.fault), answer.description)
}

async function handleCall(
  { id, action, payload }: CallFrame,
  session: ChargePointSession,
  { protocol, services, observer }: CallRoute,
): Promise<string | RpcError> {
  const inbound = findInbound(action, session, protocol)
  if ('fault' in inbound) {
    observer.refusedCall(session.id, action, inbound)
    return inbound
  }
  try {
    const checked = protocol.validators.check('Request', action, payload, session.leniency)
    if (checked.error !== undefined) {
      observer.refusedCall(session.id, action, checked.error)
      return checked.error
    }
    if (checked.overlooked.length > 0) observer.deviations(session.id, action, checked.overlooked)
    // The schema has just said that it is what the action takes.
    const answer = await inbound.handle({ session, request: payload as never, services })
    const ours = protocol.validators.check('Response', action, answer)
    if (ours.error === undefined) return renderResult(id, answer)
    observer.bug(session.id, action, `our answer is wrong: ${ours.error.description}`)
    return { fault: 'internal', description: '' }
  } catch (error) {
    if (isBug(error)) observer.bug(session.id, action, 'an action failed', error)
    else observer.failed(session.id, action, error)
    return toRpcError(error)
  }
}

/** Who may not speak yet isn't told either what we know (1.6 errata 3.8, 2.0.1 TC_B_30). */
function findInbound(
  action: string,
  session: ChargePointSession,
  { actions, validators }: Protocol,
): InboundAction | RpcError {
  const inbound = Object.hasOwn(actions, action) ? actions[action]?.from : undefined
  if (session.registration !== 'accepted' && inbound?.beforeAcceptance !== true) {
    return { fault: 'security', description: 'Not accepted: only a boot notification is answered' }
  }
  if (inbound !== undefined) return inbound
  return validators.has(action)
    ? { fault: 'not-supported', description: `${action} is not for this side, or not enabled` }
    : { fault: 'not-implemented', description: 'There is no such action in this version' }
}
