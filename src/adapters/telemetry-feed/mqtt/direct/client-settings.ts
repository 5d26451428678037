import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { IConnectPacket } from 'mqtt-packet'
import type { MqttFeedConfig } from '../../../../config/adapters.ts'
import { type BrokerAddress, protocolNames } from '../broker-address.ts'
import type { MakeClient } from '../client.ts'
import type { TlsFiles } from '../read-tls-files.ts'
import { DirectClient } from './client.ts'
import { PACKET_SIZE_MAX_BYTES } from './link.ts'

/** Clients of ours on a plain or TLS connection, for any broker. */
export async function createDirectClients(
  config: MqttFeedConfig,
  address: BrokerAddress,
  tlsFiles: TlsFiles | undefined,
): Promise<MakeClient> {
  const isPlain = tlsFiles === undefined
  const connect = isPlain ? () => connectPlain(address) : securely(address, tlsFiles)
  const readyEvent = isPlain ? 'connect' : 'secureConnect'
  return (clientId, listener) => {
    const connectPacket = connectPacketOf(config, clientId)
    return new DirectClient({ connectPacket, connect, readyEvent }, listener)
  }
}

/** The same context for all connections: its files are parsed once. */
function securely(address: BrokerAddress, { authorities, identity }: TlsFiles): () => Socket {
  const { host, port } = address
  const options = {
    host,
    port,
    secureContext: createSecureContext({
      ca: authorities,
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    }),
    ALPNProtocols: protocolNames(address, identity !== undefined),
    // An address has no name to be sent.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  return () => connectTls(options)
}

/** The session lives on with its client id; what came while we were away is why. MQTT 5 §3.1. */
function connectPacketOf(config: MqttFeedConfig, clientId: string): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: false,
    clientId,
    keepalive: config.keepAliveSeconds,
    ...usernameOf(config),
    ...(config.password === undefined ? {} : { password: Buffer.from(config.password) }),
    properties: {
      sessionExpiryInterval: config.sessionExpirySeconds,
      receiveMaximum: config.unacknowledgedMax,
      maximumPacketSize: PACKET_SIZE_MAX_BYTES,
    },
  }
}

/** MQTT 5 §3.1.2.9 has a password alone, a token for instance; mqtt-packet hasn't: an empty name. */
function usernameOf({ username, password }: MqttFeedConfig): { username?: string } {
  if (username !== undefined) return { username }
  return password === undefined ? {} : { username: '' }
}
