import type { mqtt5 } from 'aws-iot-device-sdk-v2'
import {
  type BrokerReason,
  type ConnectionFailure,
  describeEnding,
  describeReason,
  type Ending,
  TROUBLES,
} from '../describe-failure.ts'

/** By the name of the library's error. */
const ERRORS: Readonly<Record<string, string>> = {
  AWS_IO_SOCKET_CONNECTION_REFUSED: TROUBLES.refused,
  AWS_IO_SOCKET_TIMEOUT: TROUBLES.noAnswer,
  AWS_IO_DNS_INVALID_NAME: TROUBLES.unknownHost,
  AWS_IO_DNS_QUERY_FAILED: TROUBLES.unknownHost,
  AWS_IO_DNS_NO_ADDRESS_FOR_HOST: TROUBLES.noAddress,
  AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE: TROUBLES.tlsFailed,
  AWS_IO_TLS_ERROR_READ_FAILURE: TROUBLES.tlsBrokenOff,
  AWS_IO_TLS_NEGOTIATION_TIMEOUT: TROUBLES.tlsNoAnswer,
  AWS_ERROR_MQTT5_DECODE_PROTOCOL_ERROR: TROUBLES.notMqtt5,
  AWS_ERROR_MQTT_TIMEOUT: TROUBLES.mqttNoAnswer,
  AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE: TROUBLES.webSocketRefused,
  AWS_AUTH_CREDENTIALS_PROVIDER_INVALID_ENVIRONMENT: TROUBLES.noCredentials,
  AWS_AUTH_SIGNING_NO_CREDENTIALS: TROUBLES.noCredentials,
  AWS_ERROR_MQTT5_PING_RESPONSE_TIMEOUT: TROUBLES.silent,
  AWS_ERROR_MQTT_UNEXPECTED_HANGUP: TROUBLES.hungUp,
  AWS_IO_SOCKET_CLOSED: TROUBLES.hungUp,
}

export function failureOf({ connack, error }: mqtt5.ConnectionFailureEvent): ConnectionFailure {
  const reason = reasonOf(connack)
  return reason === undefined || reason.reasonCode === 0
    ? describeError(error)
    : describeReason(reason)
}

export function endingOf({ disconnect, error }: mqtt5.DisconnectionEvent): Ending {
  return describeEnding(reasonOf(disconnect), describeError(error))
}

function reasonOf(packet: Partial<BrokerReason> | undefined): BrokerReason | undefined {
  if (packet === undefined) return undefined
  return { reasonCode: packet.reasonCode ?? 0, reasonString: packet.reasonString }
}

function describeError(error: { error_name?: string }): ConnectionFailure {
  return { text: ERRORS[error.error_name ?? ''] ?? String(error), isFinal: false }
}
