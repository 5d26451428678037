import type { auth, http, io, mqtt5 } from 'aws-iot-device-sdk-v2'
import type { MqttFeedConfig } from '../../../config/adapters.ts'
import { probeCertificate } from './probe-certificate.ts'
import { readTlsFiles, type TlsFiles } from './read-tls-files.ts'

/** Native and 24 MB: loaded by whoever connects, not by every process that could. */
export type Sdk = Pick<typeof import('aws-iot-device-sdk-v2'), 'auth' | 'http' | 'io' | 'mqtt5'>

const CONNECT_TIMEOUT_MS = 10_000
const ACKNOWLEDGE_TIMEOUT_S = 10
const PING_TIMEOUT_MAX_MS = 10_000
/** AWS IoT Core takes one CONNECT a second from a client id (docs: AWS IoT Core limits). */
export const RECONNECT_MIN_MS = 1000
const RECONNECT_MAX_MS = 30_000
/** A connection that lasts so long was no mistake: the next loss starts with the shortest wait. */
const STABLE_MS = 30_000
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'wss:': 443,
}
const HTTPS_PORT = 443

/**
 * Everything of a client but its id, made once: the TLS context is shared by all connections.
 * @throws Error that names the variable that is wrong
 */
export async function createClientSettings(
  sdk: Sdk,
  config: MqttFeedConfig,
): Promise<(clientId: string) => mqtt5.Mqtt5ClientConfig> {
  const { protocol, hostname, port, url } = parseUrl(config.url)
  const tlsFiles = protocol === 'mqtt:' ? undefined : await readTlsFiles(config)
  if (tlsFiles !== undefined) {
    const finding = await probeCertificate(hostname, port, tlsFiles)
    if (finding !== undefined) {
      throw new Error(
        `the certificate of MQTT_URL=${config.url} is not accepted: ${finding}. MQTT_CA_FILE must hold its authority, and it must be for the host that MQTT_URL names`,
      )
    }
  }
  const tlsCtx =
    tlsFiles === undefined
      ? undefined
      : createTlsContext(sdk, tlsFiles, alpn(protocol, port, config))
  const { mqtt5 } = sdk
  const shared: mqtt5.Mqtt5ClientConfig = {
    hostName: hostname,
    port,
    // It would put its name and version into the user name.
    disableMetrics: true,
    // What came while we were away, also over a restart, is why the session has an expiry.
    sessionBehavior: mqtt5.ClientSessionBehavior.RejoinAlways,
    retryJitterMode: mqtt5.RetryJitterType.Decorrelated,
    minReconnectDelayMs: RECONNECT_MIN_MS,
    maxReconnectDelayMs: RECONNECT_MAX_MS,
    minConnectedTimeToResetReconnectDelayMs: STABLE_MS,
    connackTimeoutMs: CONNECT_TIMEOUT_MS,
    pingTimeoutMs: Math.min(PING_TIMEOUT_MAX_MS, (config.keepAliveSeconds * 1000) / 2),
    ackTimeoutSeconds: ACKNOWLEDGE_TIMEOUT_S,
    offlineQueueBehavior: mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect,
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(protocol === 'wss:'
      ? { websocketHandshakeTransform: createHandshake(sdk, url, config.signingRegion) }
      : {}),
  }
  return (clientId) => ({
    ...shared,
    connectProperties: {
      clientId,
      keepAliveIntervalSeconds: config.keepAliveSeconds,
      sessionExpiryIntervalSeconds: config.sessionExpirySeconds,
      receiveMaximum: config.unacknowledgedMax,
      ...(config.username === undefined ? {} : { username: config.username }),
      ...(config.password === undefined ? {} : { password: Buffer.from(config.password) }),
    },
  })
}

function parseUrl(text: string): { protocol: string; hostname: string; port: number; url: URL } {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const fallback = url === undefined ? undefined : DEFAULT_PORTS[url.protocol]
  if (url === undefined || fallback === undefined || url.hostname === '') {
    throw new Error(
      'MQTT_URL must be mqtt://host:1883, mqtts://host:8883 or wss://host:443/mqtt with the host of your broker',
    )
  }
  if (url.username !== '' || url.password !== '') {
    // It would be in every log line that says where devices connect to.
    throw new Error('MQTT_URL must not hold a password: use MQTT_USERNAME and MQTT_PASSWORD')
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { protocol: url.protocol, hostname, port: Number(url.port) || fallback, url }
}

/** On port 443 AWS IoT Core tells its protocols apart by name (docs: device communication protocols). */
function alpn(protocol: string, port: number, config: MqttFeedConfig): string[] {
  if (protocol !== 'mqtts:' || port !== HTTPS_PORT) return []
  return [config.certificateFile === undefined ? 'mqtt' : 'x-amzn-mqtt-ca']
}

function createTlsContext({ io }: Sdk, files: TlsFiles, alpnList: string[]): io.ClientTlsContext {
  const { authorities, identity } = files
  const options =
    identity === undefined
      ? new io.TlsContextOptions()
      : io.TlsContextOptions.create_client_with_mtls(identity.certificate, identity.key)
  options.override_default_trust_store(authorities)
  options.alpn_list = alpnList
  return new io.ClientTlsContext(options)
}

type Handshake = (request: http.HttpRequest, done: (errorCode?: number) => void) => void

const AWS_ERROR_UNKNOWN = 3

/** The request that opens the WebSocket: to the path of the URL, signed if a region is given. */
function createHandshake({ auth }: Sdk, url: URL, region: string | undefined): Handshake {
  const path = `${url.pathname === '/' ? '/mqtt' : url.pathname}${url.search}`
  if (region === undefined) {
    return (request, done) => {
      request.path = path
      done()
    }
  }
  const signing: auth.AwsSigningConfig = {
    algorithm: auth.AwsSigningAlgorithm.SigV4,
    signature_type: auth.AwsSignatureType.HttpRequestViaQueryParams,
    provider: auth.AwsCredentialsProvider.newDefault(),
    region,
    service: 'iotdevicegateway',
    signed_body_value: auth.AwsSignedBodyValue.EmptySha256,
    // AWS IoT Core wants the token beside the signature, not under it.
    omit_session_token: true,
  }
  return (request, done) => {
    request.path = path
    auth.aws_sign_request(request, signing).then(
      () => done(),
      (error: { error_code?: number }) => done(error.error_code ?? AWS_ERROR_UNKNOWN),
    )
  }
}
