import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CARDS, putCards } from './put-cards.ts'

// `make dev`: the whole service on this machine with embedded adapters and a driving fleet.
// Every variable of docs/configuration.md works here too.

const { values: options } = parseArgs({
  options: {
    vehicles: { type: 'string', default: '54' },
    'charge-points': { type: 'string', default: '50' },
    speedup: { type: 'string', default: '2' },
    submissions: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) {
  console.log(`Usage: node scripts/dev.ts [--vehicles 54] [--speedup 2] [--charge-points 50] [--submissions 1]
Starts Fleetgrid with embedded adapters, simulated vehicles on the 18 real routes, simulated charge
points of both OCPP versions, and sensors that send so many submissions a second.
Data goes to DATA_DIR (./data); delete the folder to start afresh. Ctrl-C stops everything.`)
  process.exit(0)
}

const env: Record<string, string | undefined> = {
  LOG_FORMAT: 'pretty',
  // As a URL alone chooses that queue.
  SUBMISSION_QUEUE: process.env['SUBMISSION_QUEUE_URL'] === undefined ? 'embedded' : 'sqs',
  ...process.env,
}
const http = `http://127.0.0.1:${env['HTTP_PORT'] ?? '8080'}`
const mqtt = `mqtt://127.0.0.1:${env['MQTT_PORT'] ?? '1883'}`
const children: ChildProcess[] = []
let stopping = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop())
// Otherwise it would end alone, and leave what it has started behind.
process.on('uncaughtException', (error) => {
  console.error(`dev: ${error.message}`)
  stop(1)
})

if ((await fetch(`${http}/live`).catch(() => undefined)) !== undefined) {
  console.error(
    `Something answers at ${http} already: another make dev? Stop it, or set HTTP_PORT.`,
  )
  process.exit(1)
}
const server = run('src/main.ts', [])
server.once('exit', (code) => stop(code ?? 1))
await ready()
const folder = env['DATA_DIR'] === undefined ? '' : `DATA_DIR=${env['DATA_DIR']} `
const token = await output('scripts/token.ts', ['--role', 'operator'])
const drive = ['--vehicles', options.vehicles, '--speedup', options.speedup, '--broker', mqtt]
run('simulators/vehicles/main.ts', [...drive, '--quiet'], { SIMULATOR_PASSWORD: token })
if (options['charge-points'] !== '0') await charge()
const queue = submissionQueue()
if (options.submissions !== '0') {
  const args = queue === undefined ? ['--url', http] : ['--queue', queue]
  const script = 'simulators/submissions/main.ts'
  run(script, [...args, '--rate', options.submissions, '--quiet'], sensorEnv())
}

console.log(`
  Fleetgrid is running, with ${options.vehicles} simulated vehicles on 18 real routes and ${options['charge-points']} charge points.

    API docs   ${http}/docs
    MQTT       ${mqtt}   (WebSocket: ws://127.0.0.1:${env['HTTP_PORT'] ?? '8080'}/mqtt)
    OCPP       ws://127.0.0.1:${env['HTTP_PORT'] ?? '8080'}/ocpp/{id of the charge point}   (1.6, 2.0.1)
    Queue      ${queue ?? 'off'}   (of the sensors’ submissions; SQS)
    Events     ${folder}npm run -s events:tail   (of these submissions)
    Health     ${http}/ready
    Metrics    ${http}/metrics
    Token      (operator, 12 hours; another one: make token ROLE=viewer)

${token}

  Try, in a second terminal:

    TOKEN=$(${folder}make -s token ROLE=operator)
    curl -sG ${http}/vehicles/aggregate -H "Authorization: Bearer $TOKEN" \\
      --data-urlencode 'filters={"filters":{"boundaries":[[-180,-85,180,85]]},"pagination":{"maxResults":2},"clusters":{"zoom":3}}'
    curl -s '${http}/charge-points?limit=3' -H "Authorization: Bearer $TOKEN"
    curl -s -X POST '${http}/charge-points/CP-0001/commands?wait=10' -H "Authorization: Bearer $TOKEN" \\
      -H 'content-type: application/json' -d '{"kind":"trigger-message","parameters":{"message":"heartbeat"}}'
    curl -sN ${http}/vehicles/stream -H "Authorization: Bearer $TOKEN"

  Ctrl-C stops everything. The data stays in ${env['DATA_DIR'] ?? './data'} and grows by about 0.4 GB an hour;
  delete the folder to start afresh.
`)

function run(
  script: string,
  args: readonly string[],
  more: Record<string, string> = {},
): ChildProcess {
  // In a group of their own: Ctrl-C reaches us, and we stop them in order.
  const child = spawn(process.execPath, [script, ...args], {
    stdio: 'inherit',
    env: { ...env, ...more },
    detached: true,
  })
  children.push(child)
  return child
}

/** Drivers whose cards are known, at charge points that charge an hour in a minute. */
async function charge(): Promise<void> {
  await putCards(http, token)
  const url = `${http.replace('http', 'ws')}/ocpp`
  const args = [
    '--count',
    options['charge-points'],
    '--protocol',
    'mixed',
    '--speed',
    '60',
    '--quiet',
  ]
  run('simulators/charge-points/simulate.ts', [...args, '--url', url, '--id-tag', CARDS.join(',')])
}

/** Where sensors send; undefined: to the service itself. */
function submissionQueue(): string | undefined {
  const port = env['SUBMISSION_QUEUE_PORT'] ?? '9324'
  switch (env['SUBMISSION_QUEUE']) {
    case 'embedded':
      return `http://127.0.0.1:${port}/000000000000/submissions`
    case 'off':
      return undefined
    default:
      return env['SUBMISSION_QUEUE_URL']
  }
}

/** The embedded queue takes any key, but the SDK wants one. */
function sensorEnv(): Record<string, string> {
  if (env['SUBMISSION_QUEUE'] !== 'embedded') return { SIMULATOR_TOKEN: token }
  const keys = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  return { ...keys, AWS_ENDPOINT_URL: new URL(queue ?? '').origin }
}

async function ready(): Promise<void> {
  while (!stopping) {
    const answer = await fetch(`${http}/ready`).catch(() => undefined)
    if (answer?.ok) return
    await pause(200)
  }
  await new Promise(() => {})
}

async function output(script: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return text.trim()
}

/** Vehicles first, so that the service sees them leave. */
function stop(code = 0): void {
  if (stopping) return
  stopping = true
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
  if (running.length === 0) process.exit(code)
  let left = running.length
  for (const child of running.toReversed()) {
    child.once('exit', () => {
      left -= 1
      if (left === 0) process.exit(code)
    })
    child.kill('SIGTERM')
  }
}
