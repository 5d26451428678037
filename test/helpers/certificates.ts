import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface Test {
  after(close: () => unknown): void
}

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

export interface Authority extends CertificateFiles {
  /** Paths of a certificate for `localhost` and 127.0.0.1, and of its key. */
  issue(name: string): Promise<CertificateFiles>
}

/** A certificate authority of the test's own, made by openssl. */
export async function makeAuthority(t: Test, name: string): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-ca-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = (ending: string): string => join(folder, ending)
  const openssl = (...args: string[]) => run('openssl', args)
  const key = ['-newkey', 'rsa:2048', '-nodes']
  const authority = { certificate: file('ca.pem'), key: file('ca.key') }
  await openssl(
    ...['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', authority.key, '-out', authority.certificate],
  )
  return {
    ...authority,
    async issue(subject) {
      const issued = { certificate: file(`${subject}.pem`), key: file(`${subject}.key`) }
      const request = file(`${subject}.csr`)
      const extensions = file(`${subject}.ext`)
      await writeFile(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
      await openssl(
        ...['req', ...key, '-subj', `/CN=${subject}`, '-keyout', issued.key, '-out', request],
      )
      await openssl(
        ...['x509', '-req', '-days', '2', '-CAcreateserial', '-extfile', extensions],
        ...['-CA', authority.certificate, '-CAkey', authority.key],
        ...['-in', request, '-out', issued.certificate],
      )
      return issued
    },
  }
}
