import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endChild } from './end-child.ts'
import { cpuSeconds } from './process-stats.ts'
import { startServer } from './server.ts'

export interface Cpu {
  /** User and system seconds of all its threads and of its database. */
  readonly all: number
  readonly mainThread: number
  /** Of engines of its own; SQLite is in the process. */
  readonly database: number
}

/** Takes charge points at ws://127.0.0.1:{port}/ocpp/{id}. */
export interface ChargingServer {
  readonly port: number
  cpu(): Cpu
  residentBytes(): number
  /** Only of one that was started with `collectable`. @returns bytes of its heap and its buffers then */
  collectGarbage(): Promise<number>
  /** A sample of its metrics, e.g. `fleetgrid_ocpp_connections{version="1.6"}`; undefined: it has none. */
  metric(sample: string): Promise<number | undefined>
  stop(): Promise<void>
}

/** Ours. */
export interface OwnServer extends ChargingServer {
  readonly http: string
  token(role: string): Promise<string>
}

export interface ServerOptions {
  readonly collectable?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** The postmaster's process, if its database is PostgreSQL. */
  readonly databasePid?: number | undefined
}

const COLLECT_ON_SIGNAL = `--import=${new URL('./collect-on-signal.ts', import.meta.url).href}`
const GARBAGE_WITHIN_MS = 2000
const memoryFolder = mkdtempSync(join(tmpdir(), 'fleetgrid-bench-'))
let memoryFiles = 0

// The last resort: a benchmark that fails leaves no service behind. The others end when it does.
const running = new Set<number>()
process.on('exit', () => {
  for (const pid of running) process.kill(pid, 'SIGKILL')
  rmSync(memoryFolder, { recursive: true, force: true })
})

export async function startBare({ collectable }: ServerOptions = {}): Promise<ChargingServer> {
  const execArgv = collectable === true ? [COLLECT_ON_SIGNAL] : []
  const memoryFile = newMemoryFile()
  const memory = { ...process.env, MEMORY_FILE: memoryFile }
  const child = fork(new URL('./bare-ocpp.ts', import.meta.url), { execArgv, env: memory })
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    ...measurable(pidOf(child), memoryFile),
    metric: async () => undefined,
    stop: () => endChild(child),
  }
}

/** As a user starts it, with nothing but charging. */
export async function startFleetgrid({
  collectable,
  env = {},
  databasePid,
}: ServerOptions): Promise<OwnServer> {
  const memoryFile = newMemoryFile()
  const server = await startServer({
    FLEETGRID_ROLES: 'charging',
    DRAIN_TIMEOUT_MS: '1000',
    ...(collectable === true ? { NODE_OPTIONS: COLLECT_ON_SIGNAL, MEMORY_FILE: memoryFile } : {}),
    ...env,
  })
  running.add(server.pid)
  return {
    http: server.http,
    token: server.token,
    port: Number(new URL(server.http).port),
    ...measurable(server.pid, memoryFile, databasePid),
    async metric(sample) {
      const text = await (await fetch(`${server.http}/metrics`)).text()
      const line = text.split('\n').find((one) => one.startsWith(`${sample} `))
      return line === undefined ? undefined : Number(line.slice(sample.length))
    },
    async stop() {
      await server.stop()
      running.delete(server.pid)
    },
  }
}

function measurable(pid: number, memoryFile: string, databasePid?: number) {
  return {
    cpu(): Cpu {
      const database = databasePid === undefined ? 0 : familyCpuSeconds(databasePid)
      const mainThread = threadCpuSeconds(pid, pid)
      return { all: cpuSeconds(pid) + database, mainThread, database }
    },
    residentBytes(): number {
      const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
      return Number(resident?.[1]) * 1024
    },
    async collectGarbage(): Promise<number> {
      for (let time = 0; time < 2; time += 1) {
        process.kill(pid, 'SIGUSR2')
        await pause(GARBAGE_WITHIN_MS / 2)
      }
      const { heapUsed, external } = JSON.parse(readFileSync(memoryFile, 'utf8'))
      return heapUsed + external
    },
  }
}

function newMemoryFile(): string {
  memoryFiles += 1
  return join(memoryFolder, `${memoryFiles}.json`)
}

function threadCpuSeconds(pid: number, thread: number): number {
  const fields = statOf(`${pid}/task/${thread}`)
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** With its children, also those that have ended. */
function familyCpuSeconds(pid: number): number {
  const own = statOf(String(pid))
  const ended = (Number(own[13]) + Number(own[14])) / 100
  const running = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(name, pid))
  return [pid, ...running.map(Number)].reduce((sum, one) => sum + cpuOrNone(one), ended)
}

function isChild(name: string, pid: number): boolean {
  try {
    return Number(statOf(name)[1]) === pid
  } catch {
    return false // It has ended since.
  }
}

function cpuOrNone(pid: number): number {
  try {
    return cpuSeconds(pid)
  } catch {
    return 0
  }
}

function statOf(path: string): string[] {
  const stat = readFileSync(`/proc/${path}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process has not started')
  return pid
}
