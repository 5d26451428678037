import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { lockDataFolder } from '../src/adapters/data-folder-lock.ts'
import { type Engines, startEngines, stopEngines } from '../test/engines/all.ts'
import { AWS_EMULATOR_ENV } from '../test/engines/aws.ts'
import { choosePort, isFree } from '../test/engines/engine.ts'
import { CARDS, putCards } from './put-cards.ts'
import { createUpEnv, EVENT_STREAM } from './up-env.ts'

// `make up-local`: what docker-compose.yml starts, on this machine without Docker.

const root = resolve(import.meta.dirname, '..')
const PORTS = {
  http: 8080,
  mosquitto: 1883,
  opensearch: 9200,
  postgres: 5432,
  aws: 4566,
  kinesis: 4568,
}
const READY_WITHIN_MS = 60_000

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(tmpdir(), 'fleetgrid-up') },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(`Usage: node scripts/up.ts [--folder ${values.folder}]
Starts OpenSearch, Mosquitto, PostgreSQL, emulators of SQS, S3 and Kinesis, and Fleetgrid on them, on
the usual ports or free ones. Data stays in the folder; delete it to start afresh. Ctrl-C stops everything.
Every variable of docs/configuration.md works here too.`)
  process.exit(0)
}

const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())
const folder = resolve(values.folder)

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`up: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const unlock = lockDataFolder(folder)
  const { http: httpPort, ...ports } = await choosePorts()
  console.error('up: starting OpenSearch, Mosquitto, PostgreSQL, SQS, S3 and Kinesis …')
  const engines = await startEngines({
    folder,
    ports,
    awsInit: join(root, 'docker/aws/init.json'),
    stream: EVENT_STREAM,
    onReady: (name, url, ms) => console.error(`up: ${name} in ${(ms / 1000).toFixed(1)} s, ${url}`),
  })
  try {
    return stopped.signal.aborted ? 0 : await runService(engines, httpPort)
  } finally {
    console.error('up: stopping the engines …')
    await stopEngines(engines)
    unlock()
  }
}

/** Until it ends or is stopped. Returns its exit code. */
async function runService(engines: Engines, httpPort: number): Promise<number> {
  // What the caller has set goes first.
  const env = {
    ...{ DATA_DIR: join(folder, 'fleetgrid'), HTTP_PORT: String(httpPort), LOG_FORMAT: 'pretty' },
    ...createUpEnv(engines),
    ...process.env,
  }
  const dataDir = resolve(env['DATA_DIR'] ?? '')
  const http = `http://127.0.0.1:${env['HTTP_PORT']}`
  await mkdir(dataDir, { recursive: true })
  const service = spawn(process.execPath, ['src/main.ts'], {
    cwd: root,
    stdio: 'inherit',
    detached: true,
    env,
  })
  const exited = new Promise<number>((done) => service.once('exit', (code) => done(code ?? 1)))
  const stop = () => service.kill('SIGTERM')
  stopped.signal.addEventListener('abort', stop)
  process.once('exit', () => service.kill('SIGKILL'))
  if (stopped.signal.aborted) stop()
  if (await becomesReady(service, http)) {
    const token = mintToken(dataDir)
    await putCards(http, token).catch((error: Error) => console.error(`up: ${error.message}`))
    console.log(describeStack(engines, { http, dataDir, token }))
  }
  const code = await exited
  if (!stopped.signal.aborted) console.error(`up: Fleetgrid ended with ${code}`)
  return code
}

async function becomesReady(service: ChildProcess, http: string): Promise<boolean> {
  const endsAt = Date.now() + READY_WITHIN_MS
  while (service.exitCode === null && !stopped.signal.aborted) {
    if ((await fetch(`${http}/ready`).catch(() => undefined))?.ok) return true
    if (Date.now() > endsAt) {
      console.error(`up: Fleetgrid isn’t ready yet; its log above and ${http}/ready say why`)
      return false
    }
    await pause(200)
  }
  return false
}

function mintToken(dataDir: string): string {
  const args = ['scripts/token.ts', '--role', 'operator', '--data-dir', dataDir]
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).stdout.trim()
}

function describeStack(
  engines: Engines,
  { http, dataDir, token }: { http: string; dataDir: string; token: string },
): string {
  const tail = toAssignments({
    EVENT_STREAM: 'kinesis',
    EVENT_STREAM_NAME: EVENT_STREAM.name,
    AWS_ENDPOINT_URL_KINESIS: engines.kinesis.url,
  })
  return `
  Fleetgrid is ready, on the engines that it has in production.

    API docs     ${http}/docs
    Health       ${http}/ready
    Metrics      ${http}/metrics
    MQTT         ${engines.mosquitto.url}   (Mosquitto)
    OCPP         ${http.replace('http', 'ws')}/ocpp/{id of the charge point}   (1.6, 2.0.1)
    OpenSearch   ${engines.opensearch.url}
    PostgreSQL   ${engines.postgres.url}
    SQS and S3   ${engines.aws.url}
    Kinesis      ${engines.kinesis.url}   (stream ${EVENT_STREAM.name})
    Token        (operator, 12 hours; another: DATA_DIR=${dataDir} make token ROLE=viewer)

${token}

  In a second terminal, vehicles that drive or charge, sensors, and what becomes of them:

    make simulate BROKER=${engines.mosquitto.url}
    make run-charging-point-simulator ID_TAG=${CARDS[0]} BACKEND_HOSTNAME=127.0.0.1 BACKEND_PORT=${new URL(http).port}
    TOKEN=$(DATA_DIR=${dataDir} make -s token ROLE=operator)
    curl -sN ${http}/vehicles/stream -H "Authorization: Bearer $TOKEN"
    export ${toAssignments(AWS_EMULATOR_ENV)}
    npm run simulate:submissions -- --count 20 --rate 20 --queue ${engines.aws.url}/000000000000/fleetgrid-submissions
    ${tail} npm run -s events:tail -- --all --no-follow

  Ctrl-C stops everything. The data stays in ${folder}; delete the folder to start afresh.
`
}

function toAssignments(env: Readonly<Record<string, string>>): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return assignments.join(' ')
}

/** The usual ports where they are free. */
async function choosePorts(): Promise<typeof PORTS> {
  const chosen = Object.entries(PORTS).map(async ([name, usual]) => {
    return [name, (await isFree(usual)) ? usual : await choosePort(0)]
  })
  return Object.fromEntries(await Promise.all(chosen))
}
