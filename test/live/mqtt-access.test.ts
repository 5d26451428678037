import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import { choosePort } from '../engines/engine.ts'
import { type Authority, type CertificateFiles, makeAuthority } from '../helpers/certificates.ts'
import { startLimitedBroker } from '../helpers/limited-broker.ts'
import { connectPublisher, makeMosquitto } from '../helpers/mosquitto.ts'
import { MQTT_CLIENTS, makeMqttFeed, mqttFeedConfig } from '../helpers/mqtt-feed.ts'
import { until } from '../helpers/until.ts'

// TLS, certificates, passwords, WebSocket, signatures; and that what is wrong is said in words that
// name the variable.

t.test('mutual TLS with an authority of one’s own', async (t) => {
  const { url, plainUrl, authority } = await makeTlsBroker(t, ['require_certificate true'])
  const client = await authority.issue('client')
  await delivers(t, plainUrl, {
    url,
    caFile: authority.certificate,
    certificateFile: client.certificate,
    keyFile: client.key,
  })
  await t.test('without a client certificate it is refused', async (t) => {
    await fails(
      t,
      { url, caFile: authority.certificate },
      /check MQTT_CERTIFICATE_FILE|client certificate/,
    )
  })
})

t.test('the broker’s certificate of another authority is refused', async (t) => {
  const { url } = await makeTlsBroker(t)
  const other = await makeAuthority(t, 'another')
  await fails(
    t,
    { url, caFile: other.certificate },
    /is not accepted: .*MQTT_CA_FILE must hold its authority/,
  )
  await fails(t, { url }, /is not accepted: .*MQTT_CA_FILE must hold its authority/)
})

t.test('WebSocket with TLS', async (t) => {
  const { url, plainUrl, authority } = await makeTlsBroker(t, ['protocol websockets'])
  const webSocket = url.replace('mqtts:', 'wss:')
  await delivers(t, plainUrl, { url: `${webSocket}/mqtt`, caFile: authority.certificate })
})

t.test('user name and password', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-password-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'passwords')
  execFileSync('mosquitto_passwd', ['-b', '-c', file, 'fleetgrid', 'secret'], { stdio: 'ignore' })
  const { url } = await makeMosquitto(t, { anonymous: false, lines: [`password_file ${file}`] })
  for (const client of MQTT_CLIENTS) {
    const right = { client, username: 'fleetgrid', password: 'secret' }
    const { feed } = makeMqttFeed(mqttFeedConfig(url, right))
    await feed.start(() => undefined)
    await feed.close()
  }
  const wrong = /not authorized: check the certificate, MQTT_USERNAME|wrong user name or password/
  await fails(t, { url, username: 'fleetgrid', password: 'wrong' }, wrong)
  await fails(t, { url }, wrong)
})

t.test('files that are wrong are named', async (t) => {
  const authority = await makeAuthority(t, 'test')
  const [one, other] = [await authority.issue('one'), await authority.issue('other')]
  const url = 'mqtts://localhost:1'
  await fails(t, { url, caFile: '/nowhere/ca.pem' }, /MQTT_CA_FILE=\/nowhere\/ca.pem can't be read/)
  await fails(t, { url, caFile: one.key }, /MQTT_CA_FILE=.*holds no certificate/)
  const certificateFile = one.certificate
  await fails(t, { url, certificateFile }, /MQTT_CERTIFICATE_FILE and MQTT_KEY_FILE/)
  await fails(t, { url, certificateFile, keyFile: other.key }, /MQTT_KEY_FILE=.*is not the key of/)
  await fails(
    t,
    { url, certificateFile, keyFile: certificateFile },
    /MQTT_KEY_FILE=.*no private key/,
  )
})

t.test('a URL that is wrong, a broker that is not there', async (t) => {
  await fails(t, { url: 'http://localhost' }, /MQTT_URL must be mqtt:/)
  await fails(t, { url: 'mqtt://me:secret@localhost' }, /MQTT_URL must not hold a password/)
  const url = `mqtt://127.0.0.1:${await choosePort(undefined)}`
  await fails(t, { url }, /nothing listens there: check host and port of MQTT_URL/)
})

t.test('a subscription that is not allowed', async (t) => {
  const { url } = await startLimitedBroker(t, { refusesFilter: (filter) => /cardata/.test(filter) })
  await fails(t, { url }, /refused the subscription to \$share\/.*cardata.*iot:Subscribe/)
})

t.test('the handshake of a WebSocket is signed for AWS', async (t) => {
  const authority = await makeAuthority(t, 'aws')
  const { certificate, key } = await authority.issue('endpoint')
  const asked: URL[] = []
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
  server.on('upgrade', (request, socket) => {
    asked.push(new URL(request.url ?? '', 'https://localhost'))
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIATEST'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  const { port } = server.address() as { port: number }
  const config = {
    url: `wss://localhost:${port}/mqtt`,
    caFile: authority.certificate,
    signingRegion: 'eu-central-1',
  }
  await fails(t, config, /WebSocket was refused: check the path of MQTT_URL, MQTT_SIGNING_REGION/)
  const [first] = asked
  t.equal(first?.pathname, '/mqtt')
  const { searchParams } = first ?? new URL('https://nothing')
  t.match(searchParams.get('X-Amz-Credential'), /\/eu-central-1\/iotdevicegateway\/aws4_request$/)
  t.match(searchParams.get('X-Amz-Signature'), /^[0-9a-f]{64}$/)
})

interface TlsBroker {
  readonly url: string
  readonly plainUrl: string
  readonly authority: Authority
}

async function makeTlsBroker(t: Test, lines: readonly string[] = []): Promise<TlsBroker> {
  const authority = await makeAuthority(t, 'test')
  const { certificate, key }: CertificateFiles = await authority.issue('broker')
  const port = await choosePort(undefined)
  const { url: plainUrl } = await makeMosquitto(t, {
    lines: [
      `listener ${port} 127.0.0.1`,
      `cafile ${authority.certificate}`,
      `certfile ${certificate}`,
      `keyfile ${key}`,
      ...lines,
    ],
  })
  return { url: `mqtts://localhost:${port}`, plainUrl, authority }
}

/** With both clients, where both can. */
function clientsFor({ url = '' }: Partial<MqttFeedConfig>): readonly MqttFeedConfig['client'][] {
  return url.startsWith('wss:') ? ['aws-sdk'] : MQTT_CLIENTS
}

async function delivers(
  t: Test,
  plainUrl: string,
  settings: Partial<MqttFeedConfig>,
): Promise<void> {
  const publisher = await connectPublisher(t, plainUrl)
  for (const client of clientsFor(settings)) {
    const { feed } = makeMqttFeed(mqttFeedConfig('', { client, ...settings }))
    t.after(() => feed.close())
    const topics: string[] = []
    await feed.start((message) => {
      topics.push(message.topic)
      message.acknowledge()
    })
    await publisher.publishAsync('dt/cvra/ECU-1/trip', '{}', { qos: 1 })
    await until(() => topics.length > 0)
    t.strictSame(topics, ['dt/cvra/ECU-1/trip'], client)
    await feed.close()
  }
}

async function fails(t: Test, settings: Partial<MqttFeedConfig>, message: RegExp): Promise<void> {
  for (const client of clientsFor(settings)) {
    const { feed } = makeMqttFeed(mqttFeedConfig('', { client, ...settings }))
    await t.rejects(
      feed.start(() => undefined),
      { message },
      client,
    )
    await feed.close()
  }
}
