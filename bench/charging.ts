import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Engine } from '../test/engines/engine.ts'
import { startPostgres } from '../test/engines/postgres.ts'
import { prepare } from './lib/charging-databases.ts'
import { measureFleet } from './lib/charging-fleet.ts'
import type { Work } from './lib/charging-load.ts'
import { measureOne } from './lib/charging-one.ts'
import { profileWork } from './lib/charging-profile.ts'
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
// With --full also 100,000 connections, in six server processes; with SQLite these have a database
// each, with --postgres they share one and are instances of one service.
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
    'idle-seconds': { type: 'string', default: '600' },
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
let postgres: Engine | undefined
try {
  if (values.postgres) postgres = await startPostgres({ folder: join(folder, 'postgres') })
  if (values.profile) await profile()
  else await measure()
} finally {
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
}
console.log(`load of the machine after: ${loadavg().map((one) => one.toFixed(1))}`)

async function measure(): Promise<void> {
  const where = { folder, postgres }
  const engine = values.postgres ? 'PostgreSQL' : 'SQLite'
  const one = await measureOne(where, {
    ...{ stations, busy, seconds, atOnce, pauseSeconds, tokens: TOKENS },
    rounds: choose(values.rounds, 1, 3),
    warmUpSeconds: choose(undefined, 2, 5),
    connections: choose(values.connections, 3000, 15_000),
  })
  report(`charge points: one server process, ${engine}`, one)
  if (!values.full) return
  for (const deflate of [false, true]) {
    const fleet = await measureFleet(where, {
      ...{ atOnce, pauseSeconds, deflate },
      stations: Number(values['fleet-stations']),
      processes: Number(values['fleet-processes']),
      idleSeconds: Number(values['idle-seconds']),
    })
    report(`charge points: ${values['fleet-processes']} server processes, ${engine}`, fleet)
  }
}

async function profile(): Promise<void> {
  for (const work of WORKS) {
    const tokens = TOKENS.few
    const prepared = await prepare(folder, { stations: busy, tokens }, postgres)
    await profileWork(work, prepared, { folder, busy, seconds, tokens })
  }
}
