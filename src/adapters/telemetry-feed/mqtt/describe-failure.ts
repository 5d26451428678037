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

const TAKEN_OVER = 142
/** Reason codes from here on are refusals, MQTT 5 §2.4. */
export const REFUSED_FROM = 128

/** Advice by the CONNACK's and DISCONNECT's reason, MQTT 5 §2.4. */
const REASONS: Readonly<Record<number, readonly [text: string, isFinal: boolean]>> = {
  // How brokers of MQTT 3.1.1 say it, §3.2.2.3 there.
  1: ['the broker does not speak MQTT 5: Mosquitto does from version 1.6 on', true],
  132: ['the broker does not speak MQTT 5: Mosquitto does from version 1.6 on', true],
  133: ['the broker does not accept this client id: check MQTT_CLIENT_ID_PREFIX', true],
  134: ['wrong user name or password: check MQTT_USERNAME and MQTT_PASSWORD', true],
  135: [
    'not authorized: check the certificate, MQTT_USERNAME and MQTT_PASSWORD, and that the policy allows this client id to connect',
    true,
  ],
  138: ['the broker has banned this client', true],
  139: ['the broker is shutting down', false],
  [TAKEN_OVER]: [`another process uses this client id: ${SAME_CLIENT_ID_ADVICE}`, false],
  158: ['the broker has no shared subscriptions: set MQTT_SUBSCRIPTION=plain', true],
}

/** What can be wrong below MQTT; each client has its own names for it. */
export const TROUBLES = {
  refused: 'nothing listens there: check host and port of MQTT_URL and that the broker runs',
  noAnswer: 'no answer: check host and port of MQTT_URL, security groups and firewalls',
  unknownHost: 'the host of MQTT_URL is not known',
  noAddress: 'the host of MQTT_URL has no address',
  tlsFailed:
    'TLS failed: check that MQTT_CA_FILE holds the authority of the broker’s certificate, that this is for the host of MQTT_URL, and MQTT_CERTIFICATE_FILE if the broker asks for one',
  tlsBrokenOff:
    'TLS was broken off by the broker: check MQTT_CERTIFICATE_FILE, which it may ask for',
  tlsNoAnswer: 'TLS got no answer: check that the port of MQTT_URL is the one with TLS',
  mqttNoAnswer: 'the broker did not answer in time',
  notMqtt5:
    'what answers there does not speak MQTT 5: check the port of MQTT_URL, and the broker’s version',
  webSocketRefused:
    'the WebSocket was refused: check the path of MQTT_URL, MQTT_SIGNING_REGION, and that the AWS credentials allow iot:Connect',
  noCredentials:
    'no AWS credentials found for MQTT_SIGNING_REGION: set them, or give the task a role',
  silent: 'the broker fell silent',
  hungUp:
    'the connection was closed without a word: the broker stopped, its port is one with TLS (mqtts://) or without (mqtt://), its TLS wants a client certificate, or the policy denies connecting',
} as const

/** What a CONNACK or DISCONNECT says. */
export interface BrokerReason {
  readonly reasonCode: number
  readonly reasonString?: string | undefined
}

export function describeReason({ reasonCode, reasonString }: BrokerReason): ConnectionFailure {
  const [text, isFinal] = REASONS[reasonCode] ?? [`the broker says reason ${reasonCode}`, false]
  const said = reasonString === undefined ? '' : ` (${reasonString})`
  return { text: `${text}${said}`, isFinal }
}

/** `failure` is what is known if the broker said nothing. */
export function describeEnding(
  reason: BrokerReason | undefined,
  failure: ConnectionFailure,
): Ending {
  if (reason === undefined) {
    return { ...failure, cause: failure.text === TROUBLES.hungUp ? 'hung-up' : 'other' }
  }
  const cause = reason.reasonCode === TAKEN_OVER ? 'taken-over' : 'other'
  return { ...(reason.reasonCode === 0 ? failure : describeReason(reason)), cause }
}

/** The reason code of a SUBACK that grants what was asked for. */
const QOS_1 = 1
/** Its others, MQTT 5 §3.9.3. */
const REFUSALS: Readonly<Record<number, string>> = {
  // A broker may grant less. What isn't acknowledged is lost when this process ends.
  0: 'granted with QoS 0 only',
  131: 'refused by a rule of the broker',
  135: 'not authorized',
  143: 'not a valid filter',
  151: 'quota exceeded',
  158: 'shared subscriptions are not supported',
}

/** Undefined if every filter was granted. */
export function describeRefusedFilters(
  filters: readonly string[],
  codes: readonly number[],
): string | undefined {
  const refused = filters.flatMap((filter, place) => {
    const code = codes[place]
    if (code === undefined) return [`${filter} (no answer)`]
    return code === QOS_1 ? [] : [`${filter} (${REFUSALS[code] ?? `reason ${code}`})`]
  })
  if (refused.length === 0) return undefined
  return `the broker refused the subscription to ${refused.join(', ')}: allow it for this client, on AWS IoT Core iot:Subscribe on topicfilter/${filters[0]} and iot:Receive on its topics`
}
