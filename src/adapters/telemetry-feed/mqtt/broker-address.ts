export interface BrokerAddress {
  readonly protocol: 'mqtt:' | 'mqtts:' | 'wss:'
  readonly host: string
  readonly port: number
  readonly url: URL
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'wss:': 443,
}
const HTTPS_PORT = 443

/** @throws Error that names the variable */
export function parseBrokerUrl(text: string): BrokerAddress {
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
  const protocol = url.protocol as BrokerAddress['protocol']
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { protocol, host, port: Number(url.port) || fallback, url }
}

/** On port 443 AWS IoT Core tells its protocols apart by name (docs: device communication protocols). */
export function protocolNames({ protocol, port }: BrokerAddress, hasIdentity: boolean): string[] {
  if (protocol !== 'mqtts:' || port !== HTTPS_PORT) return []
  return [hasIdentity ? 'x-amzn-mqtt-ca' : 'mqtt']
}
