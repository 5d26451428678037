import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startEngines, stopEngines } from '../test/engines/all.ts'
import { AWS_EMULATOR_ENV } from '../test/engines/aws.ts'

// `make test-live`: OpenSearch, Mosquitto, PostgreSQL and emulators of SQS, S3 and Kinesis on free ports,
// the tests of test/live on them, and everything ended and removed again. DynamoDB is needed by one file
// only, which starts it.

const HELP = `Usage: node scripts/test-live.ts [file …]
Starts real engines and runs test/live/*.test.ts, or the named files, on them.`
const FILE_TIMEOUT_S = 600

const root = resolve(import.meta.dirname, '..')

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', default: false } },
  allowPositionals: true,
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

let tests: ChildProcess | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true
    tests?.kill('SIGTERM')
  })
}

const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-live-'))
try {
  process.exitCode = await main()
} catch (error) {
  console.error(`test-live: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function main(): Promise<number> {
  console.error('test-live: starting OpenSearch, Mosquitto, PostgreSQL, SQS, S3 and Kinesis …')
  const engines = await startEngines({
    folder,
    onReady: (name, url, ms) => console.error(`test-live: ${name} in ${seconds(ms)} at ${url}`),
  })
  const startedAt = Date.now()
  try {
    if (interrupted) return 130
    const urls = Object.entries(engines).map(([name, { url }]) => [
      `LIVE_${name.toUpperCase()}_URL`,
      url,
    ])
    const code = await runTests({ ...AWS_EMULATOR_ENV, ...Object.fromEntries(urls) })
    const ended = Object.entries(engines).filter(([, engine]) => !engine.running())
    for (const [name] of ended) console.error(`test-live: ${name} ended during the tests`)
    console.error(`test-live: tests took ${seconds(Date.now() - startedAt)}`)
    if (interrupted) return 130
    return code === 0 && ended.length > 0 ? 1 : code
  } finally {
    await stopEngines(engines)
  }
}

async function runTests(env: Record<string, string>): Promise<number> {
  const all = readdirSync(join(root, 'test/live')).filter((name) => name.endsWith('.test.ts'))
  const files = positionals.length > 0 ? positionals : all.map((name) => `test/live/${name}`)
  const tap = join(root, 'node_modules/.bin/tap')
  const child = spawn(tap, [`--timeout=${FILE_TIMEOUT_S}`, ...files], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  tests = child
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => done(code ?? 1))
  })
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
