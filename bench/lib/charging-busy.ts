import { setTimeout as pause } from 'node:timers/promises'
import { type ClientProcess, startClient } from './charging-clients.ts'
import type { LoadResult, Work } from './charging-load.ts'
import type { ChargingServer } from './charging-servers.ts'

// What is measured of a server whose stations are booted and busy.

export interface Contestant {
  readonly server: ChargingServer
  readonly client: ClientProcess
  /** In the database. */
  readonly tokens: number
}

export interface BusyOptions {
  readonly busy: number
  readonly seconds: number
}

export interface BusyResult extends LoadResult {
  readonly perSecond: number
  /** Of the server and its database, CPU ms for one. */
  readonly cpuMs: number
  readonly mainThreadMs: number
  readonly databaseMs: number
  /** p99 of the server's main thread; undefined: it doesn't tell. */
  readonly loopDelayMs: number | undefined
}

/** Of the server's main thread, since it was last asked. */
export const LOOP_DELAY = 'fleetgrid_event_loop_delay_seconds{quantile="0.99"}'
const POLL_MS = 10
const NOTICED_WITHIN_MS = 30_000
const HANDSHAKE = { deflate: false, atOnce: 1, withinSeconds: 30 }

export async function measureWork(
  contestant: Contestant,
  work: Work,
  { busy, seconds }: BusyOptions,
): Promise<BusyResult> {
  const { client, tokens } = contestant
  const needsTransactions = work === 'meter-values'
  if (needsTransactions) await client.ask('start', { busy, tokens })
  const result = await measured(contestant, () =>
    client.ask('run', { busy, tokens, work, seconds }),
  )
  if (needsTransactions) await client.ask('stop', { busy, tokens })
  return result
}

/** All start a transaction at once, so many times. */
export function measureStarts(
  contestant: Contestant,
  { busy, rounds }: { readonly busy: number; readonly rounds: number },
): Promise<BusyResult> {
  const { client, tokens } = contestant
  return measured(contestant, () => client.ask('startTogether', { busy, tokens, rounds }))
}

async function measured(
  { server }: Contestant,
  load: () => Promise<LoadResult>,
): Promise<BusyResult> {
  // Its percentiles are those since it was last asked.
  await server.metric(LOOP_DELAY)
  const before = server.cpu()
  const result = await load()
  const after = server.cpu()
  const delay = await server.metric(LOOP_DELAY)
  const msOf = (kind: keyof typeof after): number =>
    ((after[kind] - before[kind]) / result.count) * 1000
  return {
    ...result,
    perSecond: result.count / result.seconds,
    cpuMs: msOf('all'),
    mainThreadMs: msOf('mainThread'),
    databaseMs: msOf('database'),
    loopDelayMs: delay === undefined ? undefined : delay * 1000,
  }
}

export interface HalfOpenResult {
  /** From the new connection's first packet until it is booted. */
  readonly servedMs: number
  /** Until the server has let go of the frozen one; undefined: it doesn't tell. */
  readonly releasedMs: number | undefined
  /** When the frozen one comes to itself it is closed, and the new one is still served. */
  readonly onlyNewServed: boolean
}

/** A station freezes, and connects again from another process. `from`: one that nobody else has. */
export async function measureHalfOpen(
  server: ChargingServer,
  from: number,
): Promise<HalfOpenResult> {
  const connections = () => server.metric('fleetgrid_ocpp_connections{version="1.6"}')
  const [frozen, fresh] = [startClient(), startClient()]
  const stations = { from, count: 1 }
  const about = { port: server.port, stations, ...HANDSHAKE }
  const startWarm = async (): Promise<void> => {
    await fresh.ask('boot', { ...about, stations: { from: from + 1, count: 1 } })
    await fresh.ask('drop')
  }
  try {
    await startWarm()
    await frozen.ask('boot', about)
    const before = await connections()
    process.kill(frozen.pid, 'SIGSTOP')
    const startedAt = performance.now()
    const { seconds } = await fresh.ask('boot', about)
    let releasedMs: number | undefined
    if (before !== undefined) {
      await until(async () => ((await connections()) ?? 0) <= before)
      releasedMs = performance.now() - startedAt
    }
    process.kill(frozen.pid, 'SIGCONT')
    await until(async () => (await frozen.ask('countOpen')) === 0)
    await fresh.ask('run', { work: 'heartbeats', busy: 1, tokens: 0, seconds: 0 })
    const onlyNewServed = (await fresh.ask('countOpen')) === 1
    return { servedMs: seconds * 1000, releasedMs, onlyNewServed }
  } finally {
    process.kill(frozen.pid, 'SIGCONT')
    await Promise.all([frozen.stop(), fresh.stop()])
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = Date.now() + NOTICED_WITHIN_MS
  while (!(await isSo())) {
    if (Date.now() > endsAt) throw new Error('the frozen connection is still open')
    await pause(POLL_MS)
  }
}
