import { COMMAND_KINDS, isCommandKind } from '../charging/command-kinds.ts'
import type { ChargePointSession, ExecutionResult } from '../charging/session.ts'
import { errorMessage, FleetgridError } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import type { OcppObserver } from './observer.ts'
import type { CallOutcome } from './outgoing-calls.ts'
import type { OutboundRow, Protocol } from './protocol.ts'

export interface CommandRoute {
  readonly protocol: Protocol
  readonly observer: OcppObserver
  readonly call: (action: string, payload: object) => Promise<CallOutcome>
}

/**
 * A command in words of no protocol → an action's request → the charge point → what its answer means.
 * Never rejects.
 */
export async function executeCommand(
  kind: string,
  parameters: JsonObject,
  session: ChargePointSession,
  route: CommandRoute,
): Promise<ExecutionResult> {
  if (!mayReceive(session, kind, parameters)) {
    return failed(`a charge point that is ${session.registration} gets no ${kind}`)
  }
  const request = compose(kind, parameters, session, route)
  if ('reason' in request) return failed(request.reason)
  const { row, payload } = request
  const startedAt = performance.now()
  const outcome = await route.call(row.name, payload)
  const seconds = (performance.now() - startedAt) / 1000
  route.observer.call('out', row.name, outcome.kind, seconds)
  return toResult(outcome, row, session, route)
}

/** OCPP 1.6 §4.2, 2.0.1 B02.FR.05, B03.FR.06: a rejected one is left alone, or may be asked to boot. */
function mayReceive(session: ChargePointSession, kind: string, parameters: JsonObject): boolean {
  switch (session.registration) {
    case 'accepted':
      return true
    case 'pending':
      return isCommandKind(kind) && COMMAND_KINDS[kind].isForPending
    case 'rejected':
      return (
        session.protocol !== '1.6' && kind === 'trigger-message' && parameters['message'] === 'boot'
      )
  }
}

type Composed =
  | { readonly row: OutboundRow; readonly payload: object }
  | { readonly reason: string }

/** By the first action of this kind that has words for the parameters. */
function compose(
  kind: string,
  parameters: JsonObject,
  { id }: ChargePointSession,
  { protocol, observer }: CommandRoute,
): Composed {
  let reason = `OCPP ${protocol.version} has no ${kind}`
  for (const row of protocol.byKind.get(kind) ?? []) {
    // Another action of this kind says it.
    if (!(row.action.fits?.(parameters as never) ?? true)) continue
    try {
      // Of this kind, whose schema was checked when the command was asked for.
      const payload = row.action.compose(parameters as never)
      const { error } = protocol.validators.check('Request', row.name, payload)
      if (error === undefined) return { row, payload }
      // E.g. a token that is longer than this version allows.
      reason = `it can't be said in OCPP ${protocol.version}: ${error.description}`
      observer.failed(id, row.name, new FleetgridError('invalid', reason))
    } catch (error) {
      reason = errorMessage(error)
      if (error instanceof FleetgridError) continue
      observer.bug(id, row.name, 'a request could not be composed', error)
    }
  }
  return { reason }
}

function toResult(
  outcome: CallOutcome,
  row: OutboundRow,
  session: ChargePointSession,
  route: CommandRoute,
): ExecutionResult {
  switch (outcome.kind) {
    case 'result':
      return read(outcome.payload as JsonObject, row, session, route)
    case 'error':
      return failed(outcome.description ? `${outcome.code}: ${outcome.description}` : outcome.code)
    case 'timeout':
      return { state: 'unknown', reason: 'no answer in time' }
    case 'lost':
      return { state: 'unknown', reason: 'the connection ended before the answer' }
    case 'unreadable':
      return { state: 'unknown', reason: `its answer can't be read: ${outcome.reason}` }
    case 'not-sent':
      return { state: 'not-sent', reason: outcome.reason }
  }
}

function read(
  answer: JsonObject,
  { name, action }: OutboundRow,
  session: ChargePointSession,
  { protocol, observer }: CommandRoute,
): ExecutionResult {
  const { id, leniency } = session
  const checked = protocol.validators.check('Response', name, answer, leniency)
  if (checked.error !== undefined) {
    const { description } = checked.error
    observer.fault(id, 'answer-schema', `${name}: ${description}`)
    return { state: 'unknown', answer, reason: `its answer breaks the schema: ${description}` }
  }
  if (checked.overlooked.length > 0) observer.deviations(id, name, checked.overlooked)
  try {
    return action.read(answer as never)
  } catch (error) {
    observer.bug(id, name, 'an answer could not be read', error)
    return { state: 'unknown', answer, reason: 'its answer was not understood' }
  }
}

function failed(reason: string): ExecutionResult {
  return { state: 'failed', reason }
}
