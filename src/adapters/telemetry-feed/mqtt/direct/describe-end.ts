import {
  type ConnectionFailure,
  describeEnding,
  describeReason,
  type Ending,
  TROUBLES,
} from '../describe-failure.ts'
import type { LinkEnd } from './link.ts'
import { ProtocolError } from './packet-reader.ts'

/** By the code of Node's error. */
const ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: TROUBLES.refused,
  ETIMEDOUT: TROUBLES.noAnswer,
  EHOSTUNREACH: TROUBLES.noAnswer,
  ENETUNREACH: TROUBLES.noAnswer,
  ENOTFOUND: TROUBLES.unknownHost,
  EAI_AGAIN: TROUBLES.unknownHost,
  ENODATA: TROUBLES.noAddress,
  // What answers doesn't speak TLS.
  ERR_SSL_WRONG_VERSION_NUMBER: TROUBLES.tlsNoAnswer,
  ECONNRESET: TROUBLES.hungUp,
  EPIPE: TROUBLES.hungUp,
}
/** An alert by which the broker refuses our certificate, or its absence. */
const REFUSES_CERTIFICATE = /^ERR_SSL_\w*(ALERT_.*CERTIFICATE|CERTIFICATE_REQUIRED|UNKNOWN_CA)/
const OTHER_TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

export function describeLinkFailure({ reason, ...end }: LinkEnd): ConnectionFailure {
  return reason === undefined || reason.reasonCode === 0
    ? describeError(end)
    : describeReason(reason)
}

export function describeLinkEnding({ reason, ...end }: LinkEnd): Ending {
  return describeEnding(reason, describeError(end))
}

function describeError({ silence, error }: Pick<LinkEnd, 'silence' | 'error'>): ConnectionFailure {
  if (silence !== undefined) return { text: TROUBLES[silence], isFinal: false }
  if (error === undefined) return { text: TROUBLES.hungUp, isFinal: false }
  const { code = '', message } = error
  if (error instanceof ProtocolError)
    return { text: `${TROUBLES.notMqtt5} (${message})`, isFinal: false }
  if (REFUSES_CERTIFICATE.test(code)) return { text: TROUBLES.tlsBrokenOff, isFinal: false }
  const known = ERRORS[code] ?? (OTHER_TLS.test(code) ? TROUBLES.tlsFailed : undefined)
  // That of several addresses together is empty.
  return { text: known ?? `the connection failed: ${message || code}`, isFinal: false }
}
