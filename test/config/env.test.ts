import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'
import { createConfig, readConfig } from '../../src/config/config.ts'
import { ConfigurationError, readEnv } from '../../src/config/env.ts'

t.test('an empty environment is a working configuration on the loopback address', async (t) => {
  t.match(createConfig(readEnv({})), {
    http: { host: '127.0.0.1', port: 8080 },
    telemetryFeed: { host: '127.0.0.1', port: 1883, anonymous: 'all' },
    auth: { provider: 'local-keys' },
  })
})

t.test('a broker that listens beyond loopback asks for tokens unless told otherwise', async (t) => {
  const open = createConfig(readEnv({ MQTT_HOST: '0.0.0.0' }))
  t.match(open.telemetryFeed, { anonymous: 'none' })
  const told = createConfig(readEnv({ MQTT_HOST: '0.0.0.0', MQTT_ANONYMOUS: 'telemetry' }))
  t.match(told.telemetryFeed, { anonymous: 'telemetry' })
})

t.test('every wrong value is in one list, with what was expected', async (t) => {
  const wrong = {
    HTTP_PORT: '80a',
    MQTT_PORT: '70000',
    LOG_LEVEL: 'loud',
    FLEETGRID_ROLES: 'telemetry,barista',
    JWT_JWKS_URL: 'example.com',
  }
  t.same(problemsOf(wrong), [
    'FLEETGRID_ROLES="telemetry,barista" has barista; choose from fleet-api, telemetry, charging, pipelines',
    'LOG_LEVEL="loud" must be one of fatal, error, warn, info, debug, trace',
    'HTTP_PORT="80a" must be a whole number from 0 to 65535',
    'JWT_JWKS_URL=… must be a URL, such as https://example.com; in a password / # ? @ % are written %2F %23 %3F %40 %25',
    'MQTT_PORT="70000" must be a whole number from 0 to 65535',
  ])
  const keysOfAnyone = readEnv({ JWT_JWKS_URL: 'https://example.com/keys' })
  t.throws(() => createConfig(keysOfAnyone), ConfigurationError)
})

t.test('what is wrong of one and of several together is in one list', async (t) => {
  const wrong = {
    ...{ FIREHOSE_ACCESS_KEY: 'short', FIREHOSE_CSV_COLUMNS: 'a;b,rest' },
    ...{ TELEMETRY_FEED: 'mqtt', MQTT_URL: 'no-url', DATABASE: 'postgres' },
  }
  t.match(problemsOf(wrong, readConfig), [
    /^MQTT_URL=… must be a URL/,
    /^FIREHOSE_CSV_COLUMNS="a;b,rest" must be different names/,
    // And not that MQTT_URL is needed.
    'DATABASE_URL is needed with DATABASE=postgres',
    /^CHARGE_POINT_KEY_SECRET is needed/,
    'FIREHOSE_ACCESS_KEY=… must have 16 to 4096 characters',
  ])
  t.match(readConfig({ HTTP_PORT: '1' }).config, { http: { port: 1 } })
})

t.test('an engine says which variables it needs', async (t) => {
  const problems = (env: Record<string, string>) => {
    try {
      createConfig(readEnv(env))
      return []
    } catch (error) {
      return (error as ConfigurationError).problems
    }
  }
  const engines = { TELEMETRY_FEED: 'mqtt', FLEET_INDEX: 'opensearch', DATABASE: 'postgres' }
  t.match(problems({ ...engines, OBJECT_STORE: 's3' }), [
    'MQTT_URL is needed with TELEMETRY_FEED=mqtt',
    'OPENSEARCH_URL is needed with FLEET_INDEX=opensearch',
    'DATABASE_URL is needed with DATABASE=postgres',
    'S3_BUCKET is needed with OBJECT_STORE=s3',
    'AWS_REGION is needed with OBJECT_STORE=s3',
    /^CHARGE_POINT_KEY_SECRET is needed with DATABASE=postgres and the role charging/,
  ])
  t.match(problems({ TELEMETRY_FEED: 'sqs' }), [/TELEMETRY_QUEUE_URL/])
  const mqtt = { TELEMETRY_FEED: 'mqtt', MQTT_URL: 'mqtts://example.com:8883' }
  t.same(problems(mqtt), [])
  t.match(problems({ ...mqtt, MQTT_SIGNING_REGION: 'eu-west-1' }), [/wss:/])
  const webSocket = { ...mqtt, MQTT_URL: 'wss://example.com/mqtt' }
  t.match(problems({ ...webSocket, MQTT_CLIENT: 'direct' }), [
    /MQTT_CLIENT=direct has no WebSocket/,
  ])
  t.match(problems({ ...mqtt, MQTT_CONNECTIONS: '500' }), [/WRITE_QUEUE_MAX/])
  t.match(problems({ ...mqtt, MQTT_KEY_FILE: 'key.pem' }), [/MQTT_CERTIFICATE_FILE/])
  t.match(problems({ EVENT_STREAM: 'kinesis', ARCHIVE: 'firehose' }), [
    'ARCHIVE_FIREHOSE_NAME is needed with ARCHIVE=firehose',
    'AWS_REGION is needed with EVENT_STREAM=kinesis, ARCHIVE=firehose',
  ])
  t.match(problems({ FIREHOSE_ACCESS_KEY: 'short' }), [
    'FIREHOSE_ACCESS_KEY=… must have 16 to 4096 characters',
  ])
  const endpoint = 'http://user:secret@127.0.0.1:4568'
  t.match(problems({ AWS_ENDPOINT_URL_KINESIS: endpoint }), [
    /^AWS_ENDPOINT_URL_KINESIS must not hold a user name or password/,
  ])
})

t.test('webhooks: whom they may call, and the secret that signs them', async (t) => {
  const secret = 'x'.repeat(32)
  const charging = (env: Record<string, string>) => createConfig(readEnv(env)).charging
  t.equal(charging({}).webhooks.hosts.size, 0)
  const listed = charging({ WEBHOOK_HOSTS: 'Hooks.example.com, [::1]:90', WEBHOOK_SECRET: secret })
  t.strictSame([...listed.webhooks.hosts], ['hooks.example.com', '[::1]:90'])
  for (const [hosts, problem] of [
    ['https://example.com', /no host/],
    ['example.com:443', /no host/],
    ['*.example.com/x', /no host/],
  ] as const) {
    const env = readEnv({ WEBHOOK_HOSTS: hosts, WEBHOOK_SECRET: secret })
    t.throws(() => createConfig(env), problem, hosts)
  }
  t.throws(() => charging({ WEBHOOK_HOSTS: 'example.com' }), /WEBHOOK_SECRET is needed/)
  t.throws(() => charging({ WEBHOOK_SECRET: 'short' }), /WEBHOOK_SECRET=… must have at least 32/)
  t.throws(() => charging({ CHARGE_POINT_KEY_SECRET: 'short' }), /KEY_SECRET=… must have at least/)
})

t.test('with PostgreSQL all instances need the same secret of passwords', async (t) => {
  const env = { DATABASE: 'postgres', DATABASE_URL: 'postgres://me@host/fleet' }
  t.throws(() => createConfig(readEnv(env)), /CHARGE_POINT_KEY_SECRET is needed/)
  t.doesNotThrow(() => createConfig(readEnv({ ...env, FLEETGRID_ROLES: 'telemetry' })))
  const secret = { CHARGE_POINT_KEY_SECRET: 'x'.repeat(32) }
  t.doesNotThrow(() => createConfig(readEnv({ ...env, ...secret })))
})

t.test('AWS IoT Core is spoken to by its own SDK, unless told otherwise', async (t) => {
  const clientFor = (MQTT_URL: string, MQTT_CLIENT = 'auto') => {
    const { telemetryFeed } = createConfig(
      readEnv({ TELEMETRY_FEED: 'mqtt', MQTT_URL, MQTT_CLIENT }),
    )
    return telemetryFeed.adapter === 'mqtt' ? telemetryFeed.client : undefined
  }
  const endpoint = 'a1b2-ats.iot.eu-west-1.amazonaws.com'
  t.equal(clientFor(`mqtts://${endpoint}:8883`), 'aws-sdk')
  t.equal(clientFor('mqtts://a1b2.ats.iot.cn-north-1.amazonaws.com.cn'), 'aws-sdk')
  t.equal(clientFor('wss://example.com/mqtt'), 'aws-sdk')
  t.equal(clientFor('mqtts://amazonaws.com.example.com'), 'direct')
  t.equal(clientFor('mqtt://127.0.0.1:1883'), 'direct')
  t.equal(clientFor(`mqtts://${endpoint}:8883`, 'direct'), 'direct')
})

t.test('passwords are not shown, whatever is wrong with them', async (t) => {
  const secrets = {
    DATABASE_URL: 'postgres://fleet:S3cret#Pa/ss@host/db',
    MQTT_URL: 'https://fleet:S3cret@host',
    OPENSEARCH_URL: 'S3cret',
  }
  const problems = problemsOf(secrets)
  t.equal(problems.length, 3)
  t.notMatch(problems.join(), /S3cret/)
  t.match(problems.join(), /must begin with mqtt:\/\/ or mqtts:\/\/ or wss:\/\//)
  t.match(problemsOf({ DATABASE_URL: 'mysql://host/db' })[0], /postgres:\/\//)
  const unused = readEnv({ DATABASE_CA_FILE: 'ca.pem' })
  t.throws(() => createConfig(unused), /DATABASE_CA_FILE needs DATABASE_TLS=verify/)
})

t.test('lists are checked too', async (t) => {
  const lists = { HTTP_TRUSTED_PROXIES: '10.0.0.0/8,lb', HTTP_CORS_ORIGINS: 'https://a.example,b' }
  t.throws(
    () => createConfig(readEnv(lists)),
    /lb, which is no address[\s\S]*b, which is no origin/,
  )
  t.doesNotThrow(() =>
    createConfig(readEnv({ HTTP_CORS_ORIGINS: '*', HTTP_TRUSTED_PROXIES: '::1' })),
  )
})

const starts: [name: string, env: Record<string, string>, message: RegExp][] = [
  [
    'a folder that is a file',
    { DATA_DIR: 'package.json' },
    /DATA_DIR=.*package\.json is no folder/,
  ],
  ['an address of another machine', { HTTP_HOST: '203.0.113.1' }, /HTTP_HOST=203\.0\.113\.1/],
]
for (const [name, env, message] of starts) {
  t.test(`the process ends with 1 and says why: ${name}`, async (t) => {
    const { status, stdout } = spawnSync(process.execPath, ['src/main.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { ...process.env, DATA_DIR: t.testdir(), HTTP_PORT: '0', MQTT_PORT: '0', ...env },
      encoding: 'utf8',
      timeout: 20_000,
    })
    t.equal(status, 1)
    t.match(stdout, message)
  })
}

t.test('the process ends with 2 and the list when the configuration is wrong', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['src/main.ts'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...process.env, HTTP_PORT: 'x', MQTT_PORT: '-1' },
    encoding: 'utf8',
  })
  t.equal(status, 2)
  t.match(stderr, /2 error\(s\):\n {2}- HTTP_PORT="x".*\n {2}- MQTT_PORT="-1"/)
  t.match(stderr, /docs\/configuration\.md/)
})

function problemsOf(
  env: Record<string, string>,
  read: (env: Record<string, string>) => unknown = readEnv,
): readonly string[] {
  try {
    read(env)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}
