import type { Engine } from '../../test/engines/engine.ts'
import { measureHalfOpen } from './charging-busy.ts'
import { prepare } from './charging-databases.ts'
import {
  type BootOptions,
  bootAll,
  type Held,
  hold,
  measureMemory,
  measureStorm,
  stopAll,
} from './charging-memory.ts'
import { measureRounds } from './charging-rounds.ts'
import { type ChargingServer, startBare, startFleetgrid } from './charging-servers.ts'
import type { Figure } from './charging-table.ts'

// One server process of each kind, and all that is measured of it.

export interface Where {
  readonly folder: string
  readonly postgres: Engine | undefined
}

export interface OneOptions {
  /** Connected while the busy ones are. */
  readonly stations: number
  readonly busy: number
  /** Of each kind of work. */
  readonly seconds: number
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly atOnce: number
  /** Held for memory; 0: not measured. */
  readonly connections: number
  readonly pauseSeconds: number
  readonly tokens: { readonly few: number; readonly many: number }
}

const WITHIN_SECONDS = 300
const KB = 1000

export async function measureOne(where: Where, options: OneOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  if (options.connections > 0) figures.push(...(await measureMemories(where, options)))
  figures.push(...(await measureBusy(where, options)))
  return figures
}

async function measureMemories(where: Where, options: OneOptions): Promise<Figure[]> {
  const { connections: count, atOnce, pauseSeconds, tokens } = options
  const figures: Figure[] = []
  for (const deflate of [false, true]) {
    const prepared = await prepare(
      where.folder,
      { stations: count, tokens: tokens.few },
      where.postgres,
    )
    const measure = async (server: ChargingServer) => {
      const held = [hold(server, { from: 0, count })]
      try {
        return await measureMemory(
          held,
          { deflate, atOnce, withinSeconds: WITHIN_SECONDS },
          pauseSeconds,
        )
      } finally {
        await stopAll(held)
      }
    }
    const bare = await measure(await startBare({ collectable: true }))
    const fleetgrid = await measure(
      await startFleetgrid({ ...prepared.options, collectable: true }),
    )
    const what = `KB a connection, ${count} held${deflate ? ', permessage-deflate' : ''}`
    const most = deflate ? 20 : 10
    figures.push(
      {
        ...{ work: `${what}, after ${pauseSeconds} s`, digits: 1 },
        ...{ bare: bare.asItStands / KB, fleetgrid: fleetgrid.asItStands / KB },
      },
      {
        ...{ work: `${what}, garbage collected`, digits: 1 },
        ...{ bare: bare.collected / KB, fleetgrid: fleetgrid.collected / KB },
        ...{ target: `≤ ${most}`, isMet: fleetgrid.collected / KB <= most },
      },
      {
        ...{ work: '– of it heap and buffers', digits: 1 },
        ...{ bare: bare.heap / KB, fleetgrid: fleetgrid.heap / KB },
      },
      {
        ...{ work: '– MB of the server', bare: bare.residentBytes / KB / KB },
        fleetgrid: fleetgrid.residentBytes / KB / KB,
      },
    )
  }
  return figures
}

async function measureBusy(where: Where, options: OneOptions): Promise<Figure[]> {
  const { stations, tokens, atOnce } = options
  const [few, many] = [
    await prepare(where.folder, { stations: stations + 2, tokens: tokens.few }, where.postgres),
    await prepare(where.folder, { stations, tokens: tokens.many }, where.postgres),
  ]
  const range = (count: number) => ({ from: 0, count })
  const held = {
    bare: hold(await startBare(), range(stations)),
    few: hold(await startFleetgrid(few.options), range(stations)),
    many: hold(await startFleetgrid(many.options), range(stations)),
  }
  const all = Object.values(held)
  const figures: Figure[] = []
  let readings: number
  try {
    const boot = { deflate: false, atOnce, withinSeconds: WITHIN_SECONDS }
    await bootAll([held.many], boot)
    figures.push(...(await measureBoots(held, boot, stations)))
    const rounds = await measureRounds(held, options)
    figures.push(...rounds.figures)
    readings = rounds.readings
    figures.push(...(await measureHalfOpens(held, stations)))
  } finally {
    await stopAll(all)
  }
  const stored = (await few.countReadings()) + (await many.countReadings())
  figures.push({
    ...{ work: 'meter values answered and stored', bare: undefined, fleetgrid: stored },
    ...{ target: `= ${readings.toLocaleString('en')}`, isMet: stored === readings },
  })
  return figures
}

async function measureBoots(
  { bare, few }: { readonly bare: Held; readonly few: Held },
  boot: BootOptions,
  stations: number,
): Promise<Figure[]> {
  // The first time compiles.
  await bootAll([bare], boot)
  await bootAll([few], boot)
  const storms = { bare: await measureStorm([bare], boot), few: await measureStorm([few], boot) }
  const { refused, lost, reasons } = storms.few
  if (refused > 0) console.error('refused:', reasons)
  return [
    {
      ...{ work: 'CPU ms an authenticated boot', digits: 3 },
      ...{ bare: storms.bare.cpuMs, fleetgrid: storms.few.cpuMs },
      ...{ target: '≤ 0.6', isMet: storms.few.cpuMs <= 0.6 },
    },
    {
      ...{ work: '– of it the main thread', digits: 3 },
      ...{ bare: storms.bare.mainThreadMs, fleetgrid: storms.few.mainThreadMs },
    },
    {
      ...{ work: `storm of ${stations}, seconds`, digits: 1 },
      ...{ bare: storms.bare.seconds, fleetgrid: storms.few.seconds },
    },
    {
      ...{ work: '– attempts refused', bare: storms.bare.refused, fleetgrid: refused },
      ...{ target: '0', isMet: refused === 0 },
    },
    {
      ...{ work: '– stations lost', bare: storms.bare.lost, fleetgrid: lost },
      ...{ target: '0', isMet: lost === 0 },
    },
  ]
}

async function measureHalfOpens(
  { bare, few }: { readonly bare: Held; readonly few: Held },
  from: number,
): Promise<Figure[]> {
  const own = await measureHalfOpen(few.server, from)
  const other = await measureHalfOpen(bare.server, from)
  return [
    {
      ...{ work: 'half-open: ms until the new one is booted', digits: 1 },
      ...{ bare: other.servedMs, fleetgrid: own.servedMs },
      ...{ target: '≤ 250', isMet: own.servedMs <= 250 && own.onlyNewServed },
    },
    {
      ...{ work: '– ms until the frozen one is let go', digits: 0 },
      ...{ bare: undefined, fleetgrid: own.releasedMs },
    },
  ]
}
