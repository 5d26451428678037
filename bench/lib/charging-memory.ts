import { setTimeout as pause } from 'node:timers/promises'
import { type ClientProcess, startClient } from './charging-clients.ts'
import type { ChargingServer } from './charging-servers.ts'

// Many stations on several server processes, each with a client process and a port of its own: a
// process may have 20,000 files open here, and a pair of addresses 28,000 ports.

export interface Held {
  readonly server: ChargingServer
  readonly client: ClientProcess
  readonly stations: { readonly from: number; readonly count: number }
}

export interface MemoryResult {
  /** Growth of resident memory a connection, bytes, summed over the processes: as it stands after a pause. */
  readonly asItStands: number
  /** After garbage was collected before and after. */
  readonly collected: number
  /** Of that what JavaScript holds: neither handles of the system, nor what is free but not given back. */
  readonly heap: number
  /** Of all server processes in all. */
  readonly residentBytes: number
  readonly seconds: number
}

export interface StormResult {
  readonly seconds: number
  readonly refused: number
  readonly lost: number
  readonly reasons: Readonly<Record<string, number>>
  /** Of the servers, a station. */
  readonly cpuMs: number
  readonly mainThreadMs: number
}

export interface BootOptions {
  readonly deflate: boolean
  /** Handshakes under way at a time, in each client process. */
  readonly atOnce: number
  readonly withinSeconds: number
}

/** Code is compiled and buffers have grown before memory is measured. */
const WARM_UP = 500

export function hold(
  server: ChargingServer,
  stations: { readonly from: number; readonly count: number },
): Held {
  return { server, client: startClient(), stations }
}

export async function measureMemory(
  held: readonly Held[],
  options: BootOptions,
  pauseSeconds: number,
): Promise<MemoryResult> {
  await bootAll(held, options, WARM_UP)
  await dropAll(held)
  await pause(pauseSeconds * 1000)
  const residentOfAll = (): number => sum(held, ({ server }) => server.residentBytes())
  const before = residentOfAll()
  const heapBefore = await collectAll(held)
  const collectedBefore = residentOfAll()
  const { seconds } = await bootAll(held, options)
  await pause(pauseSeconds * 1000)
  const residentBytes = residentOfAll()
  const heap = await collectAll(held)
  const count = sum(held, ({ stations }) => stations.count)
  await assertOpen(held, count)
  return {
    asItStands: (residentBytes - before) / count,
    collected: (residentOfAll() - collectedBefore) / count,
    heap: (heap - heapBefore) / count,
    ...{ residentBytes, seconds },
  }
}

/** All are dropped at once, and come back. */
export async function measureStorm(
  held: readonly Held[],
  options: BootOptions,
): Promise<StormResult> {
  await dropAll(held)
  return bootAll(held, options)
}

export async function bootAll(
  held: readonly Held[],
  options: BootOptions,
  max = Number.POSITIVE_INFINITY,
): Promise<StormResult> {
  const before = held.map(({ server }) => server.cpu())
  const startedAt = performance.now()
  const results = await Promise.all(
    held.map(({ server, client, stations: { from, count } }) => {
      const stations = { from, count: Math.min(count, max) }
      return client.ask('boot', { port: server.port, stations, ...options })
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  const after = held.map(({ server }) => server.cpu())
  const count = sum(held, ({ stations }) => Math.min(stations.count, max))
  // All have the same database, which is not to be counted more than once.
  const database = (after[0]?.database ?? 0) - (before[0]?.database ?? 0)
  const own = (of: typeof before): number => sum(of, (cpu) => cpu.all - cpu.database)
  const mainThread = (of: typeof before): number => sum(of, (cpu) => cpu.mainThread)
  const reasons: Record<string, number> = {}
  for (const [reason, times] of results.flatMap((one) => Object.entries(one.reasons))) {
    reasons[reason] = (reasons[reason] ?? 0) + times
  }
  return {
    ...{ seconds, reasons },
    refused: sum(results, ({ refused }) => refused),
    lost: sum(results, ({ lost }) => lost),
    cpuMs: ((own(after) - own(before) + database) / count) * 1000,
    mainThreadMs: ((mainThread(after) - mainThread(before)) / count) * 1000,
  }
}

/** @throws Error if a connection was lost */
export async function assertOpen(held: readonly Held[], count: number): Promise<void> {
  const open = await Promise.all(held.map(({ client }) => client.ask('countOpen')))
  const all = sum(open, (one) => one)
  if (all !== count) throw new Error(`${all} of ${count} charge points are connected`)
}

export async function stopAll(held: readonly Held[]): Promise<void> {
  await Promise.all(held.map(({ client }) => client.stop()))
  await Promise.all(held.map(({ server }) => server.stop()))
}

async function dropAll(held: readonly Held[]): Promise<void> {
  await Promise.all(held.map(({ client }) => client.ask('drop')))
}

async function collectAll(held: readonly Held[]): Promise<number> {
  return sum(await Promise.all(held.map(({ server }) => server.collectGarbage())), (one) => one)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
