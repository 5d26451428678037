import type { MqttFeedConfig } from '../../../config/adapters.ts'
import { createAwsClients } from './aws/client-settings.ts'
import { parseBrokerUrl } from './broker-address.ts'
import type { MakeClient } from './client.ts'
import { createDirectClients } from './direct/client-settings.ts'
import { probeCertificate } from './probe-certificate.ts'
import { readTlsFiles } from './read-tls-files.ts'

/**
 * What all clients of a feed have in common is read and checked once.
 * @throws Error that names the variable that is wrong
 */
export async function openClients(config: MqttFeedConfig): Promise<MakeClient> {
  const address = parseBrokerUrl(config.url)
  const tlsFiles = address.protocol === 'mqtt:' ? undefined : await readTlsFiles(config)
  if (tlsFiles !== undefined) {
    const finding = await probeCertificate(address.host, address.port, tlsFiles)
    if (finding !== undefined) {
      throw new Error(
        `the certificate of MQTT_URL=${config.url} is not accepted: ${finding}. MQTT_CA_FILE must hold its authority, and it must be for the host that MQTT_URL names`,
      )
    }
  }
  const createClients = config.client === 'aws-sdk' ? createAwsClients : createDirectClients
  return createClients(config, address, tlsFiles)
}
