import type { ChargingServices } from '../charging/services.ts'
import type { ChargePointChannel, ChargePointSession } from '../charging/session.ts'
import { isUnavailable } from '../domain/errors.ts'
import { findInbound, type InboundAction, type InboundCall } from './action.ts'
import { type CallFrame, renderError, renderResult } from './frame.ts'
import { handleLater } from './handle-later.ts'
import { type OcppObserver, UNKNOWN_ACTION } from './observer.ts'
import type { OcppOptions } from './ocpp-options.ts'
import type { Protocol } from './protocol.ts'
import { codeOf, isBug, type RpcError, toRpcError } from './rpc-error.ts'

export interface CallRoute {
  readonly protocol: Protocol
  readonly services: ChargingServices
  readonly observer: OcppObserver
  readonly options: Pick<OcppOptions, 'guaranteedWithinMs'>
}

/** Who calls, for as long as it waits for the answer. */
export type Caller = Pick<ChargePointChannel, 'session' | 'isOpen'>

/**
 * What a charge point's call is answered with, as the text of a frame: its action's answer or an
 * error. Both schemas are checked: what we say wrong is a bug of ours, and stays here. Never rejects.
 * Undefined: there is no answer to it, and its connection has to end.
 */
export async function answerCall(
  call: CallFrame,
  caller: Caller,
  route: CallRoute,
): Promise<string | undefined> {
  const { protocol, observer } = route
  const startedAt = performance.now()
  const answer = await handleCall(call, caller, route, startedAt)
  const action = protocol.validators.has(call.action) ? call.action : UNKNOWN_ACTION
  observer.call('in', action, outcomeOf(answer), (performance.now() - startedAt) / 1000)
  if (typeof answer !== 'object') return answer
  return renderError(call.id, codeOf(protocol.version, answer.fault), answer.description)
}

function outcomeOf(answer: string | RpcError | undefined): string {
  if (answer === undefined) return 'unanswered'
  return typeof answer === 'string' ? 'answered' : answer.fault
}

async function handleCall(
  { id, action, payload }: CallFrame,
  caller: Caller,
  { protocol, services, observer, options }: CallRoute,
  startedAt: number,
): Promise<string | RpcError | undefined> {
  const { session } = caller
  const inbound = permit(action, session, protocol)
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
    const inboundCall: InboundCall<never> = { session, request: payload as never, services }
    const answer = await inbound.handle(inboundCall).catch((error) => {
      if (!inbound.isGuaranteed || !isUnavailable(error)) throw error
      observer.delayed(session.id, action, error)
      return handleLater(() => inbound.handle(inboundCall), {
        withinMs: startedAt + options.guaranteedWithinMs - performance.now(),
        isWanted: () => caller.isOpen,
      })
    })
    const ours = protocol.validators.check('Response', action, answer)
    if (ours.error === undefined) return renderResult(id, answer)
    observer.bug(session.id, action, `our answer is wrong: ${ours.error.description}`)
    return { fault: 'internal', description: '' }
  } catch (error) {
    if (isBug(error)) observer.bug(session.id, action, 'an action failed', error)
    else observer.failed(session.id, action, error)
    return inbound.isGuaranteed && isUnavailable(error) ? undefined : toRpcError(error)
  }
}

/** Who may not speak yet isn't told either what we know (1.6 errata 3.8, 2.0.1 TC_B_30). */
function permit(
  action: string,
  session: ChargePointSession,
  { actions, validators }: Protocol,
): InboundAction | RpcError {
  const inbound = findInbound(actions, action)
  if (session.registration !== 'accepted' && inbound?.beforeAcceptance !== true) {
    return { fault: 'security', description: 'Not accepted: only a boot notification is answered' }
  }
  if (inbound !== undefined) return inbound
  return validators.has(action)
    ? { fault: 'not-supported', description: `${action} is not for this side, or not enabled` }
    : { fault: 'not-implemented', description: 'There is no such action in this version' }
}
