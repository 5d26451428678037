import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createUpEnv, EVENT_STREAM } from '../scripts/up-env.ts'
import { createConfig } from '../src/config/config.ts'
import { readEnv, variables } from '../src/config/env.ts'
import { findOverlooked } from '../src/config/overlooked.ts'

// docker-compose.yml, docker/aws/init.json, `make up-local` and the configuration say the same.

const root = join(import.meta.dirname, '..')
const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const init = JSON.parse(readFileSync(join(root, 'docker/aws/init.json'), 'utf8'))
const [, service = ''] = /^ {2}fleetgrid:\n(.*?)^ {2}\w/ms.exec(compose) ?? []
/** Of the service, where .env says nothing. */
const env = Object.fromEntries(
  [...service.matchAll(/^ {6}([A-Z][A-Z0-9_]+): (.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value.replace(/^\$\{\w+:?-(.*)\}$/, '$1'),
  ]),
)
const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

t.test('compose sets variables that there are, to what they may be', async (t) => {
  const unknown = Object.keys(env).filter((name) => !Object.hasOwn(variables, name))
  t.same(unknown, KEYS)
  const values = readEnv(env)
  t.match(createConfig(values), {
    pipelines: {
      submissionQueue: { adapter: 'sqs' },
      eventStream: { adapter: 'kinesis', aws: { endpoint: 'http://kinesis:4568' } },
    },
    archive: { adapter: 'embedded' },
    objectStore: { adapter: 's3' },
  })
  const overlooked = findOverlooked(Object.keys(env), values)
  t.same(
    overlooked.filter(({ level }) => level === 'warn'),
    [],
  )
})

t.test('each can be changed by a variable of the same name', async (t) => {
  const fixed = new Set(['DATA_DIR', 'HTTP_HOST', 'HTTP_PORT'])
  for (const name of Object.keys(env).filter((name) => !fixed.has(name))) {
    t.match(service, new RegExp(`^ {6}${name}: \\$\\{${name}:?-`, 'm'))
  }
})

t.test('what it names is made before the service starts', async (t) => {
  const urls = Object.values(env).filter((value) => value.startsWith('http://aws:4566/'))
  const queues = urls.map((url) => url.slice(url.lastIndexOf('/') + 1))
  t.same(queues.sort(), init.queues.map(({ name }: { name: string }) => name).sort())
  t.same([env['S3_BUCKET']], init.buckets)
  const { name, shards } = EVENT_STREAM
  t.equal(env['EVENT_STREAM_NAME'], name)
  t.match(compose, `INITIALIZE_STREAMS: ${name}:${shards}\n`)
  for (const engine of Object.values(env).flatMap(
    (value) => /:\/\/(\w+):/.exec(value)?.[1] ?? [],
  )) {
    if (engine === 'fleetgrid') continue
    t.match(service, `      ${engine}: { condition: service_healthy }\n`)
  }
})

t.test('up-local sets the same', async (t) => {
  const at = (name: string) => ({ url: `http://${name}` })
  const up = createUpEnv({
    ...{ mosquitto: at('mosquitto'), opensearch: at('opensearch'), postgres: at('postgres') },
    ...{ aws: at('aws:4566'), kinesis: at('kinesis:4568') },
  })
  const own = ['DATA_DIR', 'HTTP_HOST', 'HTTP_PORT', 'LOG_FORMAT']
  const names = Object.keys(env).filter((name) => !own.includes(name))
  t.same(Object.keys(up).sort(), names.sort())
  const others = ['MQTT_URL', 'OPENSEARCH_URL', 'DATABASE_URL', 'CHARGE_POINT_KEY_SECRET']
  for (const name of names.filter((name) => !others.includes(name))) {
    t.equal(up[name], env[name], name)
  }
})
