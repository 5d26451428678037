import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// A real engine as a process of ours: for live tests, fault tests, benchmarks and `make up-local`.

/** Start again with the same folder and port to have the same engine with its data. */
export interface Engine {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** False as soon as the process has ended, wanted or not. */
  readonly running: () => boolean
  /** As an operator does: what is in memory is saved. */
  stop(): Promise<void>
  /** As a crash does (SIGKILL). Resolves when nothing of it runs any more. */
  kill(): Promise<void>
}

export interface EngineOptions {
  /** Data and log; it is made if missing and never deleted. */
  readonly folder: string
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined
}

interface EngineProcess {
  /** For messages to people: OpenSearch. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly options: EngineOptions & { readonly port: number }
  readonly url: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The user it runs as, where it refuses to be root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  readonly stopSignal?: NodeJS.Signals
  /** True when it can be used; may throw while it can't. */
  readonly ready: () => Promise<boolean>
  readonly readyWithinMs: number
}

const LOG_LINES = 20
const POLL_MS = 50
const STOP_WITHIN_MS = 30_000
const children = new Set<ChildProcess>()

// The last resort: whoever forgets to stop an engine leaves none behind.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** @throws Error with the end of the engine's log, if it ends or isn't ready in time */
export async function startEngine(engine: EngineProcess): Promise<Engine> {
  const { name, options, url } = engine
  await mkdir(options.folder, { recursive: true })
  const logFile = join(options.folder, 'engine.log')
  const child = await spawnTied(engine, logFile)
  children.add(child)
  const exited = once(child, 'exit').then(() => children.delete(child))
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running()) return
    const offspring = signal === 'SIGKILL' ? childrenOf(child.pid) : []
    child.kill(signal)
    for (const pid of offspring) killQuietly(pid)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await exited
    clearTimeout(timer)
    while (offspring.some(isAlive)) await pause(POLL_MS)
  }
  const endsAt = Date.now() + engine.readyWithinMs
  while (!(await engine.ready().catch(() => false))) {
    const late = Date.now() > endsAt
    if (running() && !late) {
      await pause(POLL_MS)
      continue
    }
    const what = late ? `wasn’t ready within ${engine.readyWithinMs / 1000} s` : 'ended at once'
    await end('SIGKILL')
    throw new Error(`${name} ${what} at ${url}. The end of ${logFile}:\n${endOf(logFile)}`)
  }
  return {
    url,
    port: options.port,
    pid: child.pid ?? 0,
    running,
    stop: () => end(engine.stopSignal ?? 'SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** In a group of its own, so that Ctrl-C reaches us alone; killed by the kernel if we are. */
async function spawnTied(engine: EngineProcess, logFile: string): Promise<ChildProcess> {
  const { command, args, cwd, env, user } = engine
  const tied = findCommand('setpriv')
  const line =
    tied === undefined ? [command, ...args] : [tied, '--pdeathsig=KILL', command, ...args]
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(line[0] ?? command, line.slice(1), {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...user,
    })
    await once(child, 'spawn')
    return child
  } finally {
    closeSync(log)
  }
}

/** Where a command is, if it is on the PATH or where Debian keeps what only root calls. */
export function findCommand(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
}

// Below the range from which the kernel takes ports for outgoing connections: an engine that is
// killed finds its port free when it comes back.
const FREE_PORTS = { first: 20_000, count: 12_000 }

/** The wanted port; a free one for 0 or undefined. */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && wanted !== 0) return wanted
  for (;;) {
    const port = FREE_PORTS.first + Math.floor(Math.random() * FREE_PORTS.count)
    if (await isFree(port)) return port
  }
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}

/** PostgreSQL's processes outlive a killed parent for a moment, and hold its memory. */
function childrenOf(pid: number | undefined): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n')
}
