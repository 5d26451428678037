import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { choosePort } from '../../test/engines/engine.ts'
import { endChild } from './end-child.ts'

const root = resolve(import.meta.dirname, '../..')

export interface BenchServer {
  readonly pid: number
  readonly dataDir: string
  readonly http: string
  readonly mqttPort: number
  token(role: string): Promise<string>
  stop(): Promise<void>
}

/** The service as a user starts it, in a process of its own on a fresh data folder. */
export async function startServer(env: Record<string, string> = {}): Promise<BenchServer> {
  const dataDir = env['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'fleetgrid-bench-'))
  const [httpPort, mqttPort] = [await choosePort(0), await choosePort(0)]
  const child = spawn(process.execPath, startArguments(), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      HTTP_PORT: String(httpPort),
      HTTP_RATE_LIMIT_PER_SECOND: '0',
      MQTT_PORT: String(mqttPort),
      ...env,
    },
  })
  const http = `http://127.0.0.1:${httpPort}`
  await waitReady(http, child)
  return {
    pid: child.pid ?? 0,
    dataDir,
    http,
    mqttPort,
    token: (role) => mintToken(role, dataDir),
    async stop() {
      await endChild(child)
      if (env['DATA_DIR'] === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Of node, as `npm start` has them. */
function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return scripts.start.split(' ').slice(1)
}

async function waitReady(http: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`)
    const answer = await fetch(`${http}/ready`).catch(() => undefined)
    if (answer?.ok) return
    await pause(50)
  }
}

async function mintToken(role: string, dataDir: string): Promise<string> {
  const args = ['scripts/token.ts', '--role', role, '--data-dir', dataDir]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return text.trim()
}
