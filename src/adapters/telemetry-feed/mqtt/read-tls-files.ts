import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'
import type { MqttFeedConfig } from '../../../config/adapters.ts'
import { errorMessage } from '../../../domain/errors.ts'

export interface TlsFiles {
  /** PEM of all authorities that may have signed the broker's certificate. */
  readonly authorities: string
  /** PEM of the client's certificate, with its chain, and of its private key. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined
}

type TlsPaths = Pick<MqttFeedConfig, 'caFile' | 'certificateFile' | 'keyFile'>

/**
 * The library's own messages about a wrong file name neither the file nor the variable, so they are
 * checked here.
 * @throws Error that names the variable
 */
export async function readTlsFiles(paths: TlsPaths): Promise<TlsFiles> {
  const { caFile, certificateFile, keyFile } = paths
  const authorities =
    caFile === undefined ? systemAuthorities() : await readCertificate('MQTT_CA_FILE', caFile)
  if (certificateFile === undefined && keyFile === undefined) {
    return { authorities, identity: undefined }
  }
  if (certificateFile === undefined || keyFile === undefined) {
    throw new Error('MQTT_CERTIFICATE_FILE and MQTT_KEY_FILE must be set together')
  }
  const certificate = await readCertificate('MQTT_CERTIFICATE_FILE', certificateFile)
  const key = await readPem('MQTT_KEY_FILE', keyFile)
  if (!new X509Certificate(certificate).checkPrivateKey(parseKey(keyFile, key))) {
    throw new Error(
      `MQTT_KEY_FILE=${keyFile} is not the key of the certificate in MQTT_CERTIFICATE_FILE=${certificateFile}`,
    )
  }
  return { authorities, identity: { certificate, key } }
}

/** Those of the system and those that Node brings along: a slim image has none of its own. */
function systemAuthorities(): string {
  const all = new Set([...getCACertificates('default'), ...getCACertificates('system')])
  return [...all].join('\n')
}

async function readCertificate(variable: string, file: string): Promise<string> {
  const pem = await readPem(variable, file)
  try {
    new X509Certificate(pem)
  } catch (cause) {
    throw new Error(`${variable}=${file} holds no certificate in PEM form`, { cause })
  }
  return pem
}

function parseKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Error(`MQTT_KEY_FILE=${file} holds no private key in PEM form without a passphrase`, {
      cause,
    })
  }
}

async function readPem(variable: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Error(`${variable}=${file} can't be read: ${errorMessage(cause)}`, { cause })
  }
}
