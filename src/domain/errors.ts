/**
 * Every planned failure has one of these kinds; each edge (HTTP, feed, OCPP) has one exhaustive
 * table from the kind to its wire. DESIGN §5.
 */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'unsupported'
  | 'unavailable'

export interface FleetgridErrorOptions {
  /** Safe to show to a caller; without it the edge shows a generic text for the kind. */
  publicMessage?: string
  /** Machine-readable facts for the caller, e.g. `{ field: 'filters.boundaries' }`. */
  details?: Record<string, unknown>
  cause?: unknown
}

export class FleetgridError extends Error {
  readonly kind: ErrorKind
  readonly publicMessage: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(kind: ErrorKind, message: string, options: FleetgridErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FleetgridError'
    this.kind = kind
    this.publicMessage = options.publicMessage
    this.details = options.details
  }
}

/** An error whose message the caller may read as it is. */
export function publicError(
  kind: ErrorKind,
  message: string,
  details?: Record<string, unknown>,
): FleetgridError {
  return new FleetgridError(kind, message, {
    publicMessage: message,
    ...(details === undefined ? {} : { details }),
  })
}

/** It passes: worth another try. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof FleetgridError && error.kind === 'unavailable'
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
