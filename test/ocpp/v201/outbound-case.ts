import type { Test } from 'tap'
import type { ExecutionResult } from '../../../src/charging/session.ts'
import { FleetgridError } from '../../../src/domain/errors.ts'
import { compose, read } from './station.ts'

type State = ExecutionResult['state']

/** An action that we call: the words of a command → a request, an answer → what came of it. */
export interface OutboundCase {
  readonly title: string
  readonly action: string
  /** Parameters of the command, and what is sent. */
  readonly says: readonly (readonly [parameters: object, request: object])[]
  /** By status; or by an answer without one. */
  readonly reads: Readonly<Record<string, State>> | readonly (readonly [object, State])[]
  /** What 2.0.1 has no words for, and the field that is to blame. */
  readonly unsayable?: readonly (readonly [parameters: object, field: string])[]
}

export function testOutbound(
  t: Test,
  { title, action, says, reads, unsayable = [] }: OutboundCase,
) {
  t.test(title, async (t) => {
    for (const [parameters, request] of says) t.same(compose(action, parameters), request)
    for (const [parameters, field] of unsayable) t.equal(blamed(action, parameters), field)
    const answers = Array.isArray(reads)
      ? reads
      : Object.entries(reads).map(([status, state]) => [{ status }, state])
    for (const [answer, state] of answers) {
      const reason = state === 'accepted' ? undefined : answer.status
      t.match({ reason: undefined, ...read(action, answer) }, { state, answer, reason })
    }
  })
}

/** The field that 2.0.1 has no words for. */
export function blamed(action: string, parameters: object): unknown {
  try {
    compose(action, parameters)
  } catch (error) {
    if (error instanceof FleetgridError && error.kind === 'invalid') return error.details?.['field']
    throw error
  }
  return undefined
}
