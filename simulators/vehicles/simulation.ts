import { randomBytes } from 'node:crypto'
import type { Output } from '../progress.ts'
import { createRandom } from '../random.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import { type Counts, createCounts } from './counts.ts'
import { Fleet } from './fleet.ts'
import { createIdentity } from './identity.ts'
import type { SimulatorOptions } from './options.ts'
import { createProgress, type FleetState, formatSummary } from './progress.ts'
import type { Route } from './route.ts'
import { loadRouteCatalog, type RouteCatalog } from './route-catalog.ts'
import { createTroubleTeller, describeGivingUp, describeRefusal } from './troubles.ts'
import { Vehicle } from './vehicle.ts'

const LOOP_MS = 10
const MAX_IN_FLIGHT = 20
const MAX_UNSENT_PER_VEHICLE = 100
/** In all: a large fleet keeps fewer messages per vehicle, rather than all the memory. */
const MAX_UNSENT = 200_000
const DRAIN_MS = 3000
const HANG_UP_MS = 1000
/** New connections a second, so that a large fleet does not overrun the broker's queue. */
const CONNECTS_PER_SECOND = 500

interface Ending {
  readonly reason: string
  /** Without it the run went well. */
  readonly failure?: string
}

/** Runs until `stop` aborts or an option says so; resolves to the exit code. */
export async function runSimulation(
  options: SimulatorOptions,
  stop: AbortSignal,
  output: Output,
  errors: Output,
): Promise<number> {
  const counts = createCounts()
  const progress = createProgress(output, errors, counts, options.quiet)
  const { promise: ended, resolve: finish } = Promise.withResolvers<Ending>()
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs

  let everOnline = false
  let lastTrouble = 'no answer'
  const tellTrouble = createTroubleTeller(options, progress.note)
  const connections = createConnections(options, counts, {
    online: () => {
      everOnline = true
    },
    trouble: (reason) => {
      lastTrouble = reason
      tellTrouble(reason, everOnline)
    },
    refused: (reason) => {
      finish({ reason: 'refused', failure: describeRefusal(options, reason) })
    },
  })
  const fleet = createFleet(options, loadRouteCatalog(), connections, counts)
  const timers = [
    setInterval(() => {
      fleet.advance()
      const trips = counts.acknowledgedByKind.trip
      if (trips >= (options.tripsThenExit ?? Infinity)) finish({ reason: `${trips} trips` })
    }, LOOP_MS),
    setInterval(() => progress.refresh(elapsedMs(), readState(fleet, connections)), 1000),
    setTimeout(() => {
      if (everOnline) return
      finish({ reason: 'no connection', failure: describeGivingUp(options, lastTrouble) })
    }, options.connectTimeoutS * 1000),
    ...connections.map((connection, index) =>
      setTimeout(() => connection.start(), (index / CONNECTS_PER_SECOND) * 1000),
    ),
  ]
  if (options.durationS !== undefined) {
    timers.push(setTimeout(() => finish({ reason: '--duration' }), options.durationS * 1000))
  }
  const onStop = () => finish({ reason: String(stop.reason) })
  if (stop.aborted) onStop()
  stop.addEventListener('abort', onStop)

  const { reason, failure } = await ended
  for (const timer of timers) clearTimeout(timer)
  await hangUp(connections)
  if (failure !== undefined) progress.note(failure)
  if (failure !== undefined && counts.published === 0) return 1
  if (output.isTTY === true && !options.quiet) output.write('\n')
  output.write(formatSummary(reason, elapsedMs(), counts))
  const isUnheard = counts.published > 0 && counts.acknowledged === 0
  return failure === undefined && !isUnheard ? 0 : 1
}

function readState(fleet: Fleet, connections: readonly Connection[]): FleetState {
  return {
    vehicles: fleet.size,
    driving: fleet.driving,
    connections: connections.length,
    online: connections.filter(({ isOnline }) => isOnline).length,
    inFlight: connections.reduce((sum, { inFlight }) => sum + inFlight, 0),
  }
}

/** What is on its way may arrive; what can't arrive in time is counted. */
async function hangUp(connections: readonly Connection[]): Promise<void> {
  await atMost(DRAIN_MS, Promise.all(connections.map((connection) => connection.settle())))
  await atMost(HANG_UP_MS, Promise.all(connections.map((connection) => connection.end())))
}

function createConnections(
  options: SimulatorOptions,
  counts: Counts,
  events: ConnectionEvents,
): Connection[] {
  // Not of the seed: two simulators with one seed would take each other's sessions over.
  const run = randomBytes(4).toString('hex')
  return Array.from({ length: options.connections }, (_, index) => {
    const connectionOptions = {
      broker: options.broker,
      clientId: `vehicle-simulator-${run}-${index}`,
      username: options.username,
      password: options.password,
      maxInFlight: MAX_IN_FLIGHT,
      maxUnsentPerVehicle: Math.min(
        MAX_UNSENT_PER_VEHICLE,
        Math.max(1, Math.floor(MAX_UNSENT / options.vehicles)),
      ),
    }
    return new Connection(connectionOptions, counts, events)
  })
}

function createFleet(
  options: SimulatorOptions,
  catalog: RouteCatalog,
  connections: readonly Connection[],
  counts: Counts,
): Fleet {
  const vehicles = Array.from({ length: options.vehicles }, (_, index) => {
    const link = connections[index % connections.length]
    const firstRoute = catalog.routes[index % catalog.routes.length]
    if (link === undefined || firstRoute === undefined) throw new RangeError('nothing to drive on')
    return { vehicle: createVehicle(options, catalog, firstRoute, index), link }
  })
  return new Fleet({
    vehicles,
    tickMs: Math.max(LOOP_MS, (options.intervalS * 1000) / options.speedup),
    clock: { wallMs: () => Date.now(), steadyMs: () => performance.now() },
    counts,
  })
}

/** The first trip begins somewhere on the route: a fleet is spread over the map from the start. */
function createVehicle(
  { seed, speedup }: SimulatorOptions,
  catalog: RouteCatalog,
  firstRoute: Route,
  index: number,
): Vehicle {
  const share = createRandom(`${seed}/start/${index}`).between(0, 0.85)
  return new Vehicle({
    identity: createIdentity(seed, index),
    seed,
    catalog,
    firstRoute,
    startOffsetM: firstRoute.lengthM * share,
    speedup,
  })
}

async function atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limitMs)
  await Promise.race([work, promise])
  clearTimeout(timer)
}
