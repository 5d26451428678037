import type { ProtocolVersion } from '../domain/charge-point.ts'
import { type ErrorKind, FleetgridError } from '../domain/errors.ts'
import type { FrameFault } from './frame.ts'

/** Why a call is answered with a CALLERROR; each version spells the codes in its own way. */
export type RpcFault =
  | 'unreadable'
  | 'broken-structure'
  | 'message-type'
  | 'repeated-id'
  | 'not-implemented'
  | 'not-supported'
  | 'syntax'
  | 'occurrence'
  | 'type'
  | 'property'
  | 'security'
  | 'too-many'
  | 'generic'
  | 'internal'

export interface RpcError {
  readonly fault: RpcFault
  readonly description: string
}

/**
 * 1.6J §4.2.3 with its misspellings, which are there to stay (errata 5.1, 5.2); 2.0.1 part 4 §4.3.
 */
const CODES: Readonly<Record<ProtocolVersion, Readonly<Record<RpcFault, string>>>> = {
  '1.6': {
    unreadable: 'FormationViolation',
    'broken-structure': 'FormationViolation',
    'message-type': 'FormationViolation',
    'repeated-id': 'ProtocolError',
    'not-implemented': 'NotImplemented',
    'not-supported': 'NotSupported',
    syntax: 'FormationViolation',
    occurrence: 'OccurenceConstraintViolation',
    type: 'TypeConstraintViolation',
    property: 'PropertyConstraintViolation',
    security: 'SecurityError',
    'too-many': 'GenericError',
    generic: 'GenericError',
    internal: 'InternalError',
  },
  '2.0.1': {
    unreadable: 'RpcFrameworkError',
    'broken-structure': 'ProtocolError',
    'message-type': 'MessageTypeNotSupported',
    'repeated-id': 'RpcFrameworkError',
    'not-implemented': 'NotImplemented',
    'not-supported': 'NotSupported',
    syntax: 'FormatViolation',
    occurrence: 'OccurrenceConstraintViolation',
    type: 'TypeConstraintViolation',
    property: 'PropertyConstraintViolation',
    security: 'SecurityError',
    'too-many': 'GenericError',
    generic: 'GenericError',
    internal: 'InternalError',
  },
}

export function codeOf(version: ProtocolVersion, fault: RpcFault): string {
  return CODES[version][fault]
}

export const FRAME_FAULTS: Readonly<Record<FrameFault, RpcFault>> = {
  'not-json': 'unreadable',
  'not-an-array': 'unreadable',
  'too-deep': 'unreadable',
  id: 'unreadable',
  'id-too-long': 'unreadable',
  'message-type': 'message-type',
  'element-count': 'broken-structure',
  payload: 'syntax',
}

/** Where an action has no status of its own for it. */
const KINDS: Readonly<Record<ErrorKind, RpcFault>> = {
  malformed: 'syntax',
  invalid: 'property',
  unauthenticated: 'security',
  forbidden: 'security',
  'not-found': 'generic',
  conflict: 'generic',
  unsupported: 'not-supported',
  unavailable: 'internal',
}

/** What a station is told of an error of a handler: nothing of what is behind it. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof FleetgridError) {
    return { fault: KINDS[error.kind], description: error.publicMessage ?? '' }
  }
  return { fault: 'internal', description: '' }
}

/** Unplanned, so it has to be looked at; `unavailable` heals itself. */
export function isBug(error: unknown): boolean {
  return !(error instanceof FleetgridError)
}
