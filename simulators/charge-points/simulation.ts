import type { Output } from '../progress.ts'
import type { SimulatorArguments } from './arguments.ts'
import { type Counts, createCounts } from './counts.ts'
import { createIdentity } from './identity.ts'
import { createProgress, type FleetState, formatSummary } from './progress.ts'
import { Scheduler } from './scheduler.ts'
import { Station } from './station.ts'
import { createTroubleTeller } from './troubles.ts'
import { OCPP_16 } from './v16.ts'
import { OCPP_201 } from './v201.ts'

/** Stations are switched on one after the other, so as not to overrun the server. */
const STARTS_PER_SECOND = 200
const LOOK_EVERY_MS = 1000
const CALL_TIMEOUT_MS = 30_000
const LEAVE_WITHIN_MS = 5000
/** For the closing handshakes. */
const HANG_UP_MS = 300

const PROTOCOLS = { 'ocpp1.6': OCPP_16, 'ocpp2.0.1': OCPP_201 }

interface Ending {
  readonly reason: string
  /** Without it the run went well. */
  readonly failure?: string
}

/** Runs until `stop` aborts or an argument says so; resolves to the exit code. */
export async function runSimulation(
  args: SimulatorArguments,
  stop: AbortSignal,
  output: Output,
  errors: Output,
): Promise<number> {
  const counts = createCounts()
  const progress = createProgress(output, errors, counts, args.quiet)
  const scheduler = new Scheduler(args.speed)
  const { promise: ended, resolve: finish } = Promise.withResolvers<Ending>()
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  let wasThrough = false

  const stations = createStations(args, scheduler, counts, progress.note)
  for (const [index, station] of stations.entries()) {
    scheduler.after((index / STARTS_PER_SECOND) * 1000, () => station.start())
  }
  const look = () => {
    for (const station of stations) station.lookAtClock()
    const state = readState(stations)
    wasThrough ||= state.connected > 0
    progress.refresh(elapsedMs(), state)
    scheduler.after(LOOK_EVERY_MS, look)
  }
  scheduler.after(LOOK_EVERY_MS, look)
  scheduler.after(args.connectTimeoutS * 1000, () => {
    wasThrough ||= readState(stations).connected > 0
    if (wasThrough) return
    const failure = `Gave up: no station got through within ${args.connectTimeoutS} s.`
    finish({ reason: 'no connection', failure })
  })
  if (args.durationS !== undefined) {
    scheduler.after(args.durationS * 1000, () => finish({ reason: '--duration' }))
  }
  const onStop = () => finish({ reason: String(stop.reason) })
  if (stop.aborted) onStop()
  stop.addEventListener('abort', onStop)

  const { reason, failure } = await ended
  await Promise.all(stations.map((station) => station.stop(LEAVE_WITHIN_MS)))
  await new Promise<void>((resolve) => {
    scheduler.after(HANG_UP_MS, resolve)
  })
  scheduler.stop()
  if (failure !== undefined) progress.note(failure)
  if (output.isTTY === true && !args.quiet) output.write('\n')
  output.write(formatSummary(reason, elapsedMs(), counts, readState(stations).queued))
  return failure === undefined ? 0 : 1
}

function createStations(
  args: SimulatorArguments,
  scheduler: Scheduler,
  counts: Counts,
  note: (text: string) => void,
): Station[] {
  const tellTrouble = createTroubleTeller(args.url, note)
  return Array.from({ length: args.count }, (_, index) => {
    const identity = createIdentity(args.seed, args.idPrefix, index)
    const protocol = args.protocols[index % args.protocols.length] ?? 'ocpp1.6'
    return new Station(
      {
        identity,
        protocol,
        url: args.url,
        password: args.passwords.byId.get(identity.id) ?? args.passwords.other,
        compression: args.compression,
        evseCount: args.connectors,
        seed: args.seed,
        rates: args,
        callTimeoutMs: CALL_TIMEOUT_MS,
        tokenOf: (evseId) => chooseToken(args, index, evseId),
        trouble: (reason) => tellTrouble(identity.id, reason),
      },
      PROTOCOLS[protocol],
      { scheduler, counts },
    )
  })
}

/** Always the same card at the same place: with cards enough, none is used at two places at once. */
function chooseToken(
  { idTags, connectors }: SimulatorArguments,
  index: number,
  evseId: number,
): string {
  const tag = idTags[(index * connectors + evseId - 1) % idTags.length]
  return tag ?? `SIM-${String(index + 1).padStart(4, '0')}-${evseId}`
}

function readState(stations: readonly Station[]): FleetState {
  return {
    stations: stations.length,
    connected: stations.filter(({ connection }) => connection.isOpen).length,
    charging: stations.reduce((sum, { charging }) => sum + charging, 0),
    powerW: stations.flatMap(({ evses }) => evses).reduce((sum, { powerW }) => sum + powerW, 0),
    queued: stations.reduce((sum, { queue }) => sum + queue.size, 0),
  }
}
