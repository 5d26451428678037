import { readdirSync, readFileSync } from 'node:fs'
import { cpuSeconds, parentOf } from './process-stats.ts'

/** CPU seconds so far of the PostgreSQL server of this machine that listens on the URL's port. */
export function postgresCpuSeconds(url: string): number {
  const { port } = new URL(url)
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => unlessEnded(() => [describe(Number(pid))]) ?? [])
    .filter(({ command }) => command.includes('postgres'))
  const server = processes.find(({ command }) => command.includes(`\0-p\0${port}\0`))
  if (server === undefined)
    throw new Error(`no PostgreSQL on this machine was started with -p ${port}`)
  const own = processes.filter(({ pid, parent }) => pid === server.pid || parent === server.pid)
  return own.reduce((sum, { pid }) => sum + (unlessEnded(() => cpuSeconds(pid)) ?? 0), 0)
}

function describe(pid: number) {
  return { pid, parent: parentOf(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }
}

function unlessEnded<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
