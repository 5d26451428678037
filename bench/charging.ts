import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Engine } from '../test/engines/engine.ts'
import { startPostgres } from '../test/engines/postgres.ts'
import { measureCommands } from './lib/charging-commands.ts'
import { prepare } from './lib/charging-databases.ts'
import { measureFleet } from './lib/charging-fleet.ts'
import type { Work } from './lib/charging-load.ts'
import { measureOne, type Where } from './lib/charging-one.ts'
import { profileWork } from './lib/charging-profile.ts'
import { type Figure, toRow, toVerdicts } from './lib/charging-table.ts'
import type { Row } from './lib/compare.ts'
import { report } from './lib/report.ts'

// Charge points of OCPP 1.6J on the service as it is started, beside a bare `ws` server that parses,
// answers, keeps the newest connection of each id, and checks and stores nothing. Both in one run, in
// turn; charge points in other processes, with hand-made frames so that they are not the limit.
//
// Memory   growth of resident memory with connections that have booted and are silent, over all server
//          processes; as it stands after a pause, and after garbage was collected before and after.
// CPU      user and system time of the server with all its threads, and of its database.
// Storm    all connections are reset at once and come back, each client process with so many at a time;
//          who is refused comes again within half a second.
// Busy     each station sends its next call when it has the answer to its last.
// Starts   all stations start a transaction in the same moment; then all stop, which isn't measured.
// Half-open  a station's process is stopped (SIGSTOP), and another one connects with its id.
//
// With --full also 100,000 connections, in six server processes, which after the storm do what they do
// all day for --idle-minutes; with SQLite these have a database each, with --postgres they share one and
// are instances of one service. And an operator's command across two instances, always on PostgreSQL.
// Rates depend on what else the machine does; CPU for one message hardly does.

const { values } = parseArgs({
  options: {
    /** At most two minutes. */
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    /** Starts it, instead of SQLite. */
    postgres: { type: 'boolean', default: false },
    /** Nothing but where the time of each kind of work goes. */
    profile: { type: 'boolean', default: false },
    stations: { type: 'string' },
    busy: { type: 'string', default: '200' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    /** Held by one process for its memory; 0 leaves that out. */
    connections: { type: 'string' },
    'pause-seconds': { type: 'string' },
    'fleet-stations': { type: 'string', default: '100000' },
    'fleet-processes': { type: 'string', default: '6' },
    'idle-minutes': { type: 'string', default: '10' },
    'at-once': { type: 'string', default: '500' },
  },
})
const { quick } = values
const choose = (given: string | undefined, short: number, long: number): number =>
  given === undefined ? (quick ? short : long) : Number(given)
const busy = Number(values.busy)
const atOnce = Number(values['at-once'])
const seconds = choose(values.seconds, 2, 10)
const stations = choose(values.stations, 1000, 5000)
const pauseSeconds = choose(values['pause-seconds'], 1, 30)
const WORKS: readonly Work[] = ['heartbeats', 'meter-values', 'sessions']
const TOKENS = { few: 200, many: 100_000 }

console.log(`load of the machine before: ${loadavg().map((one) => one.toFixed(1))}`)
const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
const verdicts: Row[] = []
let running: Engine | undefined
try {
  if (values.postgres || values.full) {
    running = await startPostgres({ folder: join(folder, 'postgres') })
  }
  const where = { folder, postgres: values.postgres ? running : undefined }
  if (values.profile) await profile(where)
  else await measure(where)
  if (values.full)
    tell('two instances on PostgreSQL', await measureCommands({ folder, postgres: running }))
  if (verdicts.length > 0) report('targets', verdicts)
} finally {
  await running?.stop()
  await rm(folder, { recursive: true, force: true })
}
console.log(`load of the machine after: ${loadavg().map((one) => one.toFixed(1))}`)

function tell(part: string, figures: readonly Figure[]): void {
  report(`charge points: ${part}`, figures.map(toRow))
  verdicts.push(...toVerdicts(part, figures))
}

async function measure(where: Where): Promise<void> {
  const engine = values.postgres ? 'PostgreSQL' : 'SQLite'
  const one = await measureOne(where, {
    ...{ stations, busy, seconds, atOnce, pauseSeconds, tokens: TOKENS },
    rounds: choose(values.rounds, 1, 3),
    warmUpSeconds: choose(undefined, 2, 5),
    // The fleet tells it better.
    connections: choose(values.connections, 3000, values.full ? 0 : 15_000),
  })
  tell(`one server process, ${engine}`, one)
  if (!values.full) return
  for (const deflate of [false, true]) {
    const fleet = await measureFleet(where, {
      ...{ atOnce, pauseSeconds, deflate },
      stations: Number(values['fleet-stations']),
      processes: Number(values['fleet-processes']),
      idleMinutes: deflate ? 0 : Number(values['idle-minutes']),
    })
    const how = deflate ? ', permessage-deflate' : ''
    tell(`${values['fleet-processes']} server processes, ${engine}${how}`, fleet)
  }
}

async function profile({ postgres }: Where): Promise<void> {
  for (const work of WORKS) {
    const tokens = TOKENS.few
    const prepared = await prepare(folder, { stations: busy, tokens }, postgres)
    await profileWork(work, prepared, { folder, busy, seconds, tokens })
  }
}
