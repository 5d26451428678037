import { FleetgridError } from '../../../domain/errors.ts'

const UNIQUE_VIOLATION = '23505'
/**
 * SQLSTATEs of an engine that can't now, by class or whole
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html): connection, authorization,
 * catalog that is not there (yet), rollback, resources, operator intervention, system; read-only
 * (a standby after a failover), idle in transaction for too long, lock not available.
 */
const UNAVAILABLE = /^(08...|28...|3D...|40...|53...|57...|58...|25006|25P03|55P03)$/
/** Wrong user or password; no such database. */
const REFUSED = /^28...$/
const NO_DATABASE = /^3D...$/
/** Node's codes for certificates and handshakes that will fail again, as OpenSSL names them. */
const TLS_FAILURE = /^(ERR_TLS_|ERR_SSL_|UNABLE_TO_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$)/
/** pg has no code for it. */
const NO_TLS = /does not support SSL/
const FEATURE_NOT_SUPPORTED = '0A000'
/** Which part of the server says it: the message is in the server's language. */
const REVALIDATE = 'RevalidateCachedQuery'
const SQLSTATE = /^[0-9A-Z]{5}$/
/** Serialization failure, deadlock. */
const IN_THE_WAY: ReadonlySet<unknown> = new Set(['40001', '40P01'])

/** What went wrong between us and the server, in the domain's words; bugs stay as they are. */
export function translateError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof FleetgridError) return error
  // Values that pg can't send or read.
  if (error instanceof TypeError || error instanceof RangeError) return error
  const code = sqlState(error)
  const message = `Database: ${messageOf(error)}`
  if (code === UNIQUE_VIOLATION) return new FleetgridError('conflict', message, { cause: error })
  // What has no SQLSTATE did not come from the server: sockets, TLS, time-outs, the pool.
  if (code !== undefined && !UNAVAILABLE.test(code) && !isOutdated(error)) return error
  return new FleetgridError('unavailable', message, { cause: error })
}

export function isInTheWay(error: unknown): boolean {
  if (!(error instanceof FleetgridError)) return false
  return IN_THE_WAY.has(sqlState(error.cause)) || isOutdated(error.cause)
}

/** Of connecting: what a person has to mend, because waiting doesn't help; else undefined. */
export function connectAdvice({ cause }: FleetgridError): string | undefined {
  const state = sqlState(cause) ?? ''
  if (REFUSED.test(state)) return 'check the user and password in DATABASE_URL'
  if (NO_DATABASE.test(state)) return 'create that database, or name another one in DATABASE_URL'
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown }
  const isTls = TLS_FAILURE.test(String(code)) || NO_TLS.test(String(message))
  return isTls ? 'check DATABASE_TLS and DATABASE_CA_FILE' : undefined
}

/** After such an error nobody knows what the connection is at, or it is of no use any more. */
export function isOfConnection(error: unknown): boolean {
  return sqlState(error) === undefined || isOutdated(error)
}

/**
 * A newer instance has added a column to a table that this connection has named statements of. A new
 * connection has none.
 */
function isOutdated(error: unknown): boolean {
  const { routine } = (error ?? {}) as { routine?: unknown }
  return sqlState(error) === FEATURE_NOT_SUPPORTED && routine === REVALIDATE
}

function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  // Node's own codes (EPIPE) can look like one; only the server's errors have a severity.
  const { severity } = (error ?? {}) as { severity?: unknown }
  if (typeof code !== 'string' || typeof severity !== 'string') return undefined
  return SQLSTATE.test(code) ? code : undefined
}

function messageOf(error: Error): string {
  // Several addresses of one host: the message is empty.
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((one) => (one as Error).message).join('; ')
  }
  return error.message
}
