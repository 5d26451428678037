import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { loadKeyPair, signToken } from '../../src/http/local-keys.ts'
import { until } from './until.ts'

const root = resolve(import.meta.dirname, '../..')

/** The service in a process of its own, to be killed and started again on the same ports and data. */
export interface Service {
  readonly mqttUrl: string
  readonly httpUrl: string
  start(): Promise<void>
  /** Ends the process that `start` started and resolves with its exit code or signal. */
  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
  get(path: string): Promise<any>
  post(path: string, body: object): Promise<any>
  readonly output: () => string
  /** Most memory that the running process has had, from Linux. */
  peakMemoryMb(): number
}

export async function createService(
  t: { after(close: () => unknown): void },
  env: Record<string, string> & { DATA_DIR: string },
): Promise<Service> {
  const [httpPort, mqttPort] = [await freePort(), await freePort()]
  const httpUrl = `http://127.0.0.1:${httpPort}`
  let child: ChildProcess | undefined
  let output = ''
  const kill = async (signal: NodeJS.Signals) => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return running?.exitCode ?? null
    const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
      running.once('exit', (code, by) => resolve(code ?? by)),
    )
    running.kill(signal)
    return exited
  }
  t.after(() => kill('SIGKILL'))
  return {
    httpUrl,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    output: () => output,
    peakMemoryMb: () => peakMemoryMb(child?.pid),
    kill,
    async start() {
      const started = spawn(process.execPath, ['src/main.ts'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          HTTP_PORT: String(httpPort),
          MQTT_PORT: String(mqttPort),
          HTTP_RATE_LIMIT_PER_SECOND: '0',
          ...env,
        },
      })
      child = started
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (data) => {
          output += data
        })
      }
      await until(
        async () => {
          if (started.exitCode !== null) throw new Error(`the service ended: ${output}`)
          return (await fetch(`${httpUrl}/ready`).catch(() => undefined))?.ok
        },
        { withinMs: 60_000, what: 'readiness of the service' },
      )
    },
    async get(path) {
      const answer = await fetch(`${httpUrl}${path}`, { headers: await authorize(env.DATA_DIR) })
      return answer.json()
    },
    async post(path, body) {
      const headers = {
        ...(await authorize(env.DATA_DIR)),
        'content-type': 'application/json',
      }
      const request = { method: 'POST', headers, body: JSON.stringify(body) }
      return (await fetch(`${httpUrl}${path}`, request)).json()
    },
  }
}

async function authorize(dataDir: string): Promise<{ authorization: string }> {
  const pair = await loadKeyPair(join(dataDir, 'keys'))
  const token = signToken(pair, { roles: ['operator'], subject: 'tester', lifetimeMs: 600_000 })
  return { authorization: `Bearer ${token}` }
}

function peakMemoryMb(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN) / 1024
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
