import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'
import { namesGiven, readEnv, variables } from '../../src/config/env.ts'
import { findOverlooked } from '../../src/config/overlooked.ts'

function overlooked(source: Record<string, string>): string[] {
  return findOverlooked(namesGiven(source), readEnv(source)).map(
    ({ level, text }) => `${level} ${text}`,
  )
}

const misspelt: Record<string, string> = {
  TELEMTRY_FEED: 'TELEMETRY_FEED',
  TELEMETRY_FEEDS: 'TELEMETRY_FEED',
  FLEETGRID_ROLE: 'FLEETGRID_ROLES',
  DATADIR: 'DATA_DIR',
  OPENSEARCH_ULR: 'OPENSEARCH_URL',
  DATABASE_URI: 'DATABASE_URL',
  http_port: 'HTTP_PORT',
  DRAIN_TIMEOUT: 'DRAIN_TIMEOUT_MS',
  OPENSEARCH_REFRESH_INTERVAL: 'OPENSEARCH_REFRESH_INTERVAL_MS',
  MQTT_USER: 'MQTT_USERNAME',
}
for (const [written, meant] of Object.entries(misspelt)) {
  t.test(`${written} is told to be ${meant}`, async (t) => {
    t.same(overlooked({ [written]: 'S3cret' }), [
      `warn ${written} is read by nothing: is ${meant} meant?`,
    ])
  })
}

t.test('variables of other programs are nobody’s mistake', async (t) => {
  const others =
    'PATH HOME LOG LOGNAME LANG NODE_ENV NODE_OPTIONS NODE_EXTRA_CA_CERTS HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy AWS AWS_DEFAULT_REGION AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE PGHOST PGDATABASE OPENSEARCH_HEAP OPENSEARCH_PORT OPENSEARCH_JAVA_OPTS OPENSEARCH_SERVICE_HOST HOST_HTTP_PORT HOST_MQTT_PORT POSTGRES_PASSWORD MQTT_PORT_1883_TCP HOSTNAME PORT TZ S3 SQS BACKEND_HOSTNAME SIMULATOR_PASSWORD'
  t.same(overlooked(Object.fromEntries(others.split(' ').map((name) => [name, 'x']))), [])
  t.same(overlooked({ TELEMTRY_FEED: ' ' }), [], 'nor is what is empty')
})

t.test('none of our own names is taken for another', async (t) => {
  const names = Object.keys(variables)
  const misread = findOverlooked(names, readEnv({})).filter(({ text }) => text.includes('meant'))
  t.same(misread, [])
})

t.test('settings of an engine that nobody has chosen', async (t) => {
  const opensearch = {
    OPENSEARCH_URL: 'https://fleet:S3cret@search.example.com',
    OPENSEARCH_SHARDS: '2',
  }
  const text = 'OPENSEARCH_URL, OPENSEARCH_SHARDS: read only with FLEET_INDEX=opensearch'
  t.same(overlooked(opensearch), [`warn ${text}`])
  t.same(overlooked({ ...opensearch, FLEET_INDEX: 'opensearch' }), [])
  // As the image sets MQTT_HOST, and docker-compose.yml the settings of all engines.
  t.same(overlooked({ ...opensearch, FLEET_INDEX: 'embedded' }), [`info ${text}`])
})

t.test('a queue of submissions beside another choice', async (t) => {
  const SUBMISSION_QUEUE_URL = 'https://sqs.eu-west-1.amazonaws.com/1/fleet'
  for (const SUBMISSION_QUEUE of ['embedded', 'off']) {
    const text = `SUBMISSION_QUEUE_URL: not read with SUBMISSION_QUEUE=${SUBMISSION_QUEUE}`
    t.same(overlooked({ SUBMISSION_QUEUE, SUBMISSION_QUEUE_URL }), [`warn ${text}`])
  }
  t.same(overlooked({ SUBMISSION_QUEUE_URL }), [])
})

t.test('settings of a role that this instance hasn’t', async (t) => {
  const settings = {
    ...{ SUBMISSION_QUEUE: 'embedded', FIREHOSE_PREFIX: 'raw/', EVENT_STREAM_CALLS_MAX: '2' },
    ...{ ARCHIVE: 'embedded', ARCHIVE_CSV_PREFIX: 'csv/', MQTT_PORT: '1884' },
  }
  const pipelines = 'info SUBMISSION_QUEUE, FIREHOSE_PREFIX: read only with the role pipelines'
  const telemetry = 'info ARCHIVE, MQTT_PORT: read only with the role telemetry'
  t.same(overlooked(settings), [])
  t.same(overlooked({ ...settings, FLEETGRID_ROLES: 'pipelines' }), [telemetry])
  t.same(overlooked({ ...settings, FLEETGRID_ROLES: 'telemetry' }), [pipelines])
  t.same(overlooked({ ...settings, FLEETGRID_ROLES: 'charging' }), [
    pipelines,
    'info EVENT_STREAM_CALLS_MAX: read only with the role pipelines or telemetry or fleet-api',
    telemetry,
  ])
})

t.test('the process says it once, before anything else', async (t) => {
  const { stdout } = spawnSync(process.execPath, ['src/main.ts'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: 'package.json',
      TELEMTRY_FEED: 'S3cret',
      DATABASE_URL: 'postgres://fleet:S3cret@db.example.com/fleet',
    },
    encoding: 'utf8',
    timeout: 20_000,
  })
  const lines = stdout.trim().split('\n')
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
  t.match(messages, [/is TELEMETRY_FEED meant/, /^DATABASE_URL: read only with DATABASE=postgres$/])
  t.equal(messages.length, 3, 'and then why it ends')
  t.notMatch(stdout, /S3cret/)
})
