import type { mqtt5 } from 'aws-iot-device-sdk-v2'
import type { Sdk } from './client-settings.ts'

export interface ConnectionFailure {
  /** For a person: what is wrong and what to do. */
  readonly text: string
  /** It won't heal by trying again. */
  readonly isFinal: boolean
  /** Another process has connected with this client id, as the broker says or as it looks. */
  readonly isTakenOver?: boolean
}

/** How a connection ended: with the broker's word for it, without a word, or otherwise. */
export interface Ending extends ConnectionFailure {
  readonly cause: 'taken-over' | 'hung-up' | 'other'
}

export const SAME_CLIENT_ID_ADVICE =
  'instances that work together need one database for all (DATABASE=postgres), or each its own MQTT_CLIENT_ID_PREFIX'

type FailedEvent = mqtt5.ConnectionFailureEvent | mqtt5.DisconnectionEvent

const TAKEN_OVER = 142

/** Advice by the CONNACK's and DISCONNECT's reason, MQTT 5 §2.4. */
const REASONS: Readonly<Record<number, readonly [text: string, isFinal: boolean]>> = {
  132: ['the broker does not speak MQTT 5', true],
  133: ['the broker does not accept this client id: check MQTT_CLIENT_ID_PREFIX', true],
  134: ['wrong user name or password: check MQTT_USERNAME and MQTT_PASSWORD', true],
  135: [
    'not authorized: check the certificate, MQTT_USERNAME and MQTT_PASSWORD, and that the policy allows this client id to connect',
    true,
  ],
  138: ['the broker has banned this client', true],
  139: ['the broker is shutting down', false],
  [TAKEN_OVER]: [`another process uses this client id: ${SAME_CLIENT_ID_ADVICE}`, false],
}

/** Advice by the name of the library's error. */
const ERRORS: Readonly<Record<string, string>> = {
  AWS_IO_SOCKET_CONNECTION_REFUSED:
    'nothing listens there: check host and port of MQTT_URL and that the broker runs',
  AWS_IO_SOCKET_TIMEOUT:
    'no answer: check host and port of MQTT_URL, security groups and firewalls',
  AWS_IO_DNS_INVALID_NAME: 'the host of MQTT_URL is not known',
  AWS_IO_DNS_QUERY_FAILED: 'the host of MQTT_URL is not known',
  AWS_IO_DNS_NO_ADDRESS_FOR_HOST: 'the host of MQTT_URL has no address',
  AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE:
    'TLS failed: check that MQTT_CA_FILE holds the authority of the broker’s certificate, that this is for the host of MQTT_URL, and MQTT_CERTIFICATE_FILE if the broker asks for one',
  AWS_IO_TLS_ERROR_READ_FAILURE:
    'TLS was broken off by the broker: check MQTT_CERTIFICATE_FILE, which it may ask for',
  AWS_IO_TLS_NEGOTIATION_TIMEOUT:
    'TLS got no answer: check that the port of MQTT_URL is the one with TLS',
  AWS_ERROR_MQTT_TIMEOUT: 'the broker did not answer in time',
  AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE:
    'the WebSocket was refused: check the path of MQTT_URL, MQTT_SIGNING_REGION, and that the AWS credentials allow iot:Connect',
  AWS_AUTH_CREDENTIALS_PROVIDER_INVALID_ENVIRONMENT: 'no AWS credentials in the environment',
  AWS_AUTH_SIGNING_NO_CREDENTIALS:
    'no AWS credentials found for MQTT_SIGNING_REGION: set them, or give the task a role',
  AWS_ERROR_MQTT5_PING_RESPONSE_TIMEOUT: 'the broker fell silent',
  AWS_ERROR_MQTT_UNEXPECTED_HANGUP:
    'the connection was closed without a word: the broker stopped, its TLS wants a client certificate, or the policy denies connecting',
  AWS_IO_SOCKET_CLOSED:
    'the connection was closed without a word: the broker stopped, its TLS wants a client certificate, or the policy denies connecting',
}

export function describeFailure(event: FailedEvent): ConnectionFailure {
  const packet =
    'connack' in event ? event.connack : 'disconnect' in event ? event.disconnect : undefined
  if (packet?.reasonCode !== undefined && packet.reasonCode !== 0) {
    const [text, isFinal] = REASONS[packet.reasonCode] ?? [
      `the broker says reason ${packet.reasonCode}`,
      false,
    ]
    const said = packet.reasonString === undefined ? '' : ` (${packet.reasonString})`
    return { text: `${text}${said}`, isFinal }
  }
  const { error } = event
  return { text: ERRORS[error.error_name ?? ''] ?? String(error), isFinal: false }
}

const HANG_UPS = new Set(['AWS_ERROR_MQTT_UNEXPECTED_HANGUP', 'AWS_IO_SOCKET_CLOSED'])

export function describeEnding(event: mqtt5.DisconnectionEvent): Ending {
  const { disconnect, error } = event
  const isHangUp = disconnect === undefined && HANG_UPS.has(error.error_name ?? '')
  const isTakeover = disconnect?.reasonCode === TAKEN_OVER
  const cause = isTakeover ? 'taken-over' : isHangUp ? 'hung-up' : 'other'
  return { ...describeFailure(event), cause }
}

/** Undefined if every filter was granted. Reason codes of the SUBACK: MQTT 5 §3.9.3. */
export function describeRefusedFilters(
  { mqtt5 }: Sdk,
  filters: readonly string[],
  codes: readonly number[],
): string | undefined {
  const refused = filters.flatMap((filter, place) => {
    const code = codes[place]
    if (code !== undefined && code < mqtt5.SubackReasonCode.UnspecifiedError) return []
    return [`${filter} (${mqtt5.SubackReasonCode[code ?? -1] ?? code ?? 'no answer'})`]
  })
  if (refused.length === 0) return undefined
  return `the broker refused the subscription to ${refused.join(', ')}: allow it for this client, on AWS IoT Core iot:Subscribe on topicfilter/${filters[0]} and iot:Receive on its topics`
}
