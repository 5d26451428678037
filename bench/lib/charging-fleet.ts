import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { LOOP_DELAY } from './charging-busy.ts'
import { type Prepared, prepare } from './charging-databases.ts'
import {
  assertOpen,
  type Held,
  hold,
  type MemoryResult,
  measureMemory,
  measureStorm,
  type StormResult,
  stopAll,
} from './charging-memory.ts'
import type { Where } from './charging-one.ts'
import { type ChargingServer, startBare, startFleetgrid } from './charging-servers.ts'
import type { Figure } from './charging-table.ts'

// More stations than one process may have files: several server processes of each kind, in turn.

export interface FleetOptions {
  readonly stations: number
  readonly processes: number
  readonly deflate: boolean
  readonly atOnce: number
  readonly pauseSeconds: number
  /** Of the idle mix; 0 leaves it out. The bare server, which is only to be compared, has a minute. */
  readonly idleMinutes: number
}

interface FleetResult {
  readonly memory: MemoryResult
  readonly storm: StormResult
  readonly idle: IdleResult | undefined
}

interface IdleResult {
  readonly answered: number
  readonly failed: number
  readonly perSecond: number
  readonly cores: number
  readonly p99Ms: number
  /** Of the worst server; undefined: they don't tell. */
  readonly loopDelayMs: number | undefined
}

const WITHIN_SECONDS = 600
const TOKENS = 200
/** One station in so many charges. */
const CHARGING = 10
const BARE_IDLE_MINUTES_MAX = 1
const MB = 1_000_000

export async function measureFleet(where: Where, options: FleetOptions): Promise<Figure[]> {
  const { stations, deflate } = options
  const idleMinutes = Math.min(options.idleMinutes, BARE_IDLE_MINUTES_MAX)
  const bare = await measure('bare', where, { ...options, idleMinutes })
  const own = await measure('fleetgrid', where, options)
  const what = `KB a connection, ${stations} held${deflate ? ', permessage-deflate' : ''}`
  const most = deflate ? 20 : 10
  const [perBare, perOwn] = [bare.memory.collected / 1000, own.memory.collected / 1000]
  const figures: Figure[] = [
    {
      ...{ work: `${what}, after a pause`, digits: 1 },
      ...{ bare: bare.memory.asItStands / 1000, fleetgrid: own.memory.asItStands / 1000 },
    },
    {
      ...{ work: `${what}, garbage collected`, digits: 1, bare: perBare, fleetgrid: perOwn },
      ...{ target: `≤ ${most}`, isMet: perOwn <= most },
    },
    {
      ...{ work: '– of it heap and buffers', digits: 1 },
      ...{ bare: bare.memory.heap / 1000, fleetgrid: own.memory.heap / 1000 },
    },
    {
      ...{ work: '– MB of all servers', bare: bare.memory.residentBytes / MB },
      fleetgrid: own.memory.residentBytes / MB,
    },
    {
      ...{ work: '– seconds until all had booted', digits: 1 },
      ...{ bare: bare.memory.seconds, fleetgrid: own.memory.seconds },
    },
    ...tellStorm(bare.storm, own.storm, stations),
  ]
  if (own.idle !== undefined) figures.push(...tellIdle(bare.idle, own.idle, options))
  return figures
}

function tellIdle(
  bare: IdleResult | undefined,
  own: IdleResult,
  { stations, idleMinutes }: FleetOptions,
): Figure[] {
  const pair = (of: keyof IdleResult) => ({ bare: bare?.[of], fleetgrid: own[of] })
  return [
    { work: `idle mix of ${stations} for ${idleMinutes} min, messages/s`, ...pair('perSecond') },
    { work: '– messages answered', ...pair('answered') },
    { work: '– errors', ...pair('failed'), target: '0', isMet: own.failed === 0 },
    { work: '– p99 ms', digits: 1, ...pair('p99Ms') },
    { work: '– event-loop delay p99 ms, the worst server', digits: 1, ...pair('loopDelayMs') },
    { work: '– cores', digits: 2, ...pair('cores') },
  ]
}

function tellStorm(bare: StormResult, own: StormResult, stations: number): Figure[] {
  if (own.refused > 0) console.error('refused:', own.reasons)
  return [
    {
      ...{
        work: `storm of ${stations}, seconds`,
        digits: 1,
        bare: bare.seconds,
        fleetgrid: own.seconds,
      },
      ...{ target: '≤ 60', isMet: own.seconds <= 60 },
    },
    {
      ...{ work: '– attempts refused', bare: bare.refused, fleetgrid: own.refused },
      ...{ target: '0', isMet: own.refused === 0 },
    },
    {
      ...{ work: '– stations lost', bare: bare.lost, fleetgrid: own.lost },
      ...{ target: '0', isMet: own.lost === 0 },
    },
    {
      ...{ work: '– CPU ms a boot', digits: 3, bare: bare.cpuMs, fleetgrid: own.cpuMs },
      ...{ target: '≤ 0.6', isMet: own.cpuMs <= 0.6 },
    },
  ]
}

async function measure(
  kind: 'bare' | 'fleetgrid',
  where: Where,
  options: FleetOptions,
): Promise<FleetResult> {
  const { stations, deflate, atOnce, pauseSeconds, idleMinutes } = options
  const held = await startAll(kind, where, options)
  const boot = { deflate, atOnce, withinSeconds: WITHIN_SECONDS }
  try {
    const memory = await measureMemory(held, boot, pauseSeconds)
    const storm = await measureStorm(held, boot)
    const idle = idleMinutes > 0 ? await measureIdle(held, idleMinutes * 60) : undefined
    await assertOpen(held, stations - storm.lost)
    return { memory, storm, idle }
  } finally {
    await stopAll(held)
  }
}

async function measureIdle(held: readonly Held[], seconds: number): Promise<IdleResult> {
  await Promise.all(
    held.map(({ client, stations: { count } }) =>
      client.ask('start', { busy: Math.ceil(count / CHARGING), tokens: TOKENS }),
    ),
  )
  const cpuOf = (all: readonly Held[]) => all.map(({ server }) => server.cpu())
  const before = cpuOf(held)
  await worstLoopDelayMs(held)
  const loads = await Promise.all(held.map(({ client }) => client.ask('idle', { seconds })))
  const used = cpuOf(held).map((cpu, index) => {
    const { all = 0, database = 0 } = before[index] ?? {}
    // All have the same database, which is not to be counted more than once.
    const shared = index === 0 ? 0 : cpu.database - database
    return cpu.all - all - shared
  })
  for (const { failed, reasons } of loads) if (failed > 0) console.error('failed:', reasons)
  const answered = sum(loads.map((load) => load.answered))
  return {
    answered,
    failed: sum(loads.map(({ failed }) => failed)),
    perSecond: answered / seconds,
    cores: sum(used) / seconds,
    p99Ms: Math.max(...loads.map(({ p99Ms }) => p99Ms)),
    loopDelayMs: await worstLoopDelayMs(held),
  }
}

/** Of the time since it was last asked for. */
async function worstLoopDelayMs(held: readonly Held[]): Promise<number | undefined> {
  const delays = await Promise.all(held.map(({ server }) => server.metric(LOOP_DELAY)))
  const told = delays.filter((delay) => delay !== undefined)
  return told.length === 0 ? undefined : Math.max(...told) * 1000
}

async function startAll(
  kind: 'bare' | 'fleetgrid',
  { folder, postgres }: Where,
  { stations, processes }: FleetOptions,
): Promise<Held[]> {
  const each = Math.ceil(stations / processes)
  let shared: Prepared | undefined
  const startServer = async (from: number, count: number): Promise<ChargingServer> => {
    if (kind === 'bare') return startBare({ collectable: true })
    if (postgres !== undefined)
      shared ??= await prepare(folder, { stations, tokens: TOKENS }, postgres)
    const { options } = shared ?? (await prepare(folder, { from, stations: count, tokens: TOKENS }))
    // Instances that share a database each have a folder of their own.
    const ownFolder = shared && { DATA_DIR: await mkdtemp(join(folder, 'instance-')) }
    return startFleetgrid({
      ...options,
      collectable: true,
      env: { ...options.env, ...ownFolder },
    })
  }
  const held: Held[] = []
  for (let from = 0; from < stations; from += each) {
    const count = Math.min(each, stations - from)
    held.push(hold(await startServer(from, count), { from, count }))
  }
  return held
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, one) => total + one, 0)
}
