import { setFlagsFromString } from 'node:v8'
import { type Config, readConfig } from './config/config.ts'
import { ConfigurationError, namesGiven } from './config/env.ts'
import { findOverlooked, type Overlooked } from './config/overlooked.ts'
import type { Fleetgrid } from './fleetgrid.ts'
import { createLogger } from './logger.ts'

// The process: environment → configuration → Fleetgrid → signals → exit code.
// 0 stopped as asked, 1 failed, 2 the configuration is wrong.

/** For closing what is left after the drain. */
const CLOSE_TIMEOUT_MS = 10_000

// To collect what is young with several threads costs more CPU than the work itself: 0.7 of 4.2 s for
// 100,000 messages, on two cores. Old memory is still marked beside the main thread.
setFlagsFromString('--no-parallel-scavenge')

const { config, overlooked } = configure()
const logger = createLogger(config.log)
for (const { level, text } of overlooked) logger[level](text)

process.on('uncaughtException', (error) => die(error, 'uncaught exception'))
process.on('unhandledRejection', (error) => die(error, 'unhandled rejection'))

let fleetgrid: Fleetgrid | undefined
let isStopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop(signal))
}
try {
  // Loading all of it takes a second, in which a container's first process would ignore signals.
  const { createFleetgrid } = await import('./fleetgrid.ts')
  fleetgrid = await createFleetgrid(config, { logger })
  if (!isStopping) await fleetgrid.start()
} catch (error) {
  // A signal came before it was up: `stop` closes what was opened.
  if (!isStopping) {
    logger.fatal((error as Error).message)
    logger.debug({ err: error }, 'start failed')
    process.exit(1)
  }
}

async function stop(signal: string): Promise<void> {
  if (isStopping) return
  isStopping = true
  logger.info({ signal }, 'stopping: intake ends, work in flight finishes')
  process.once('SIGINT', () => die(new Error('second SIGINT'), 'stopped at once'))
  const lastResort = (): never => die(new Error('closing took too long'), 'stopped at once')
  setTimeout(lastResort, config.drainTimeoutMs + CLOSE_TIMEOUT_MS).unref()
  try {
    const finished = (await fleetgrid?.drain()) ?? true
    await fleetgrid?.close()
    logger.info({ finished }, 'stopped')
    process.exit(finished ? 0 : 1)
  } catch (error) {
    die(error, 'stopping failed')
  }
}

function configure(): { config: Config; overlooked: Overlooked[] } {
  try {
    const { env, config } = readConfig()
    return { config, overlooked: findOverlooked(namesGiven(), env) }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    console.error(`${error.message}\ndocs/configuration.md lists every variable.`)
    process.exit(2)
  }
}

function die(error: unknown, what: string): never {
  logger.fatal({ err: error }, what)
  process.exit(1)
}
