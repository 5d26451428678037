import type { auth, http, io, mqtt5 } from 'aws-iot-device-sdk-v2'
import type { MqttFeedConfig } from '../../../../config/adapters.ts'
import { type BrokerAddress, protocolNames } from '../broker-address.ts'
import {
  ANSWER_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  type MakeClient,
  RECONNECT_MAX_MS,
  RECONNECT_MIN_MS,
  STABLE_MS,
} from '../client.ts'
import type { TlsFiles } from '../read-tls-files.ts'
import { AwsClient, type Sdk } from './client.ts'

const PING_TIMEOUT_MAX_MS = 10_000

/** Clients on aws-iot-device-sdk-v2, for AWS IoT Core: also over a WebSocket that is signed. */
export async function createAwsClients(
  config: MqttFeedConfig,
  address: BrokerAddress,
  tlsFiles: TlsFiles | undefined,
): Promise<MakeClient> {
  const sdk: Sdk = await import('aws-iot-device-sdk-v2')
  const settingsOf = createClientSettings(sdk, config, address, tlsFiles)
  return (clientId, listener) => new AwsClient(sdk, settingsOf(clientId), listener)
}

/** Everything of a client but its id, made once: the TLS context is shared by all. */
function createClientSettings(
  sdk: Sdk,
  config: MqttFeedConfig,
  address: BrokerAddress,
  tlsFiles: TlsFiles | undefined,
): (clientId: string) => mqtt5.Mqtt5ClientConfig {
  const tlsCtx = tlsFiles === undefined ? undefined : createTlsContext(sdk, tlsFiles, address)
  const { mqtt5 } = sdk
  const shared: mqtt5.Mqtt5ClientConfig = {
    hostName: address.host,
    port: address.port,
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
    ackTimeoutSeconds: ANSWER_TIMEOUT_MS / 1000,
    offlineQueueBehavior: mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect,
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(address.protocol === 'wss:'
      ? { websocketHandshakeTransform: createHandshake(sdk, address.url, config.signingRegion) }
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

function createTlsContext(
  { io }: Sdk,
  { authorities, identity }: TlsFiles,
  address: BrokerAddress,
): io.ClientTlsContext {
  const options =
    identity === undefined
      ? new io.TlsContextOptions()
      : io.TlsContextOptions.create_client_with_mtls(identity.certificate, identity.key)
  options.override_default_trust_store(authorities)
  options.alpn_list = protocolNames(address, identity !== undefined)
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
