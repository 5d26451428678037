import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import { importOlderLetters } from './adapters/dead-letters/import-older.ts'
import type { Config } from './config/config.ts'
import type { Cleanup } from './lib/cleanup.ts'
import { unlessAborted } from './lib/within.ts'
import type { Startup } from './startup.ts'

/** What each step of opening needs: where to put its undoing, and when to give up. */
export interface Opening {
  readonly cleanup: Cleanup
  readonly startup: Startup
  readonly signal: AbortSignal
  readonly logger: Logger
}

interface Openable {
  open(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Which engines an instance needs for its roles; the others stay closed, and aren't waited for. */
export interface Needs {
  readonly fleetIndex: boolean
  /** The object store, and the dead letters in it. */
  readonly objects: boolean
  readonly eventStream: boolean
  /** What this instance stores of vehicles is published. */
  readonly vehicleEvents: boolean
}

export function needsOf({ roles, pipelines }: Pick<Config, 'roles' | 'pipelines'>): Needs {
  const fleetIndex = roles.has('fleet-api') || roles.has('telemetry')
  // Also without telemetry: dead letters are redriven wherever the fleet is served.
  const vehicleEvents = fleetIndex && pipelines.vehicleEvents
  const hasPipelines = roles.has('pipelines')
  return {
    ...{ fleetIndex, vehicleEvents },
    objects: fleetIndex || hasPipelines,
    eventStream: vehicleEvents || hasPipelines,
  }
}

export async function openPorts(ports: Ports, needs: Needs, opening: Opening): Promise<void> {
  const { startup, signal, cleanup } = opening
  const { charging, database, signals, objectStore, deadLetters, fleetIndex } = ports
  const streams: readonly [string, Openable][] = [['event stream', ports.eventStream]]
  const objects: readonly [string, Openable][] = [
    ['object store', objectStore],
    ['dead letters', deadLetters],
  ]
  const patient: readonly [string, Openable][] = [
    ['database', database],
    ['signals', signals],
    ...(needs.objects ? objects : []),
    ...(needs.eventStream ? streams : []),
  ]
  for (const [name, port] of patient) {
    startup.begin(`it opens the ${name}`)
    const open = () => startup.patiently(() => port.open(signal), signal)
    await openPort({ open, close: () => port.close() }, opening)
  }
  cleanup.add(() => charging.close())
  if (!needs.fleetIndex) return
  startup.begin('it opens the fleet index')
  // It waits by itself: not all that makes it unavailable passes.
  await openPort(fleetIndex, opening)
}

/** A stop doesn't wait until it is open; should it still open, it is closed then. */
async function openPort(port: Openable, { cleanup, signal }: Opening): Promise<void> {
  const opened = port.open(signal)
  try {
    await unlessAborted(opened, signal)
  } catch (error) {
    if (signal.aborted) {
      opened.then(() => port.close()).catch(() => undefined)
    }
    throw error
  }
  cleanup.add(() => port.close())
}

export async function importOlder(
  { dataDir }: Config,
  { deadLetters }: Ports,
  { logger, startup, signal }: Opening,
): Promise<void> {
  startup.begin('it imports the dead letters of an older version')
  const imported = await importOlderLetters({ dataDir, deadLetters, signal })
  if (imported === undefined) return
  logger.info(imported, 'dead letters of an older version imported, their file renamed')
}
