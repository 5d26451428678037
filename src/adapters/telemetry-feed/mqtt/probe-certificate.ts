import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { TlsFiles } from './read-tls-files.ts'

const PROBE_TIMEOUT_MS = 5000

/** Node's codes for a certificate that isn't accepted. */
const REFUSALS = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

/**
 * What is wrong with the broker's certificate, if anything. The library hides a failed handshake for
 * 10 to 30 s (s2n's blinding) and then doesn't say why; Node does, at once. A broker that can't be
 * reached is no finding: it is waited for.
 */
export function probeCertificate(
  host: string,
  port: number,
  { authorities, identity }: TlsFiles,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      // An address has no name to be sent.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ca: authorities,
      timeout: PROBE_TIMEOUT_MS,
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    })
    const end = (finding?: string): void => {
      socket.destroy()
      resolve(finding)
    }
    socket.once('secureConnect', () => end())
    socket.once('timeout', () => end())
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      end(REFUSALS.test(code) ? message : undefined)
    })
  })
}
