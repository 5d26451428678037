import { type Config, createConfig } from './config/config.ts'
import { ConfigurationError, readEnv } from './config/env.ts'
import type { Fleetgrid } from './fleetgrid.ts'
import { createLogger } from './logger.ts'

// The process: environment → configuration → Fleetgrid → signals → exit code.
// 0 stopped as asked, 1 failed, 2 the configuration is wrong.

/** For closing what is left after the drain. */
const CLOSE_TIMEOUT_MS = 10_000

const config = readConfig()
const logger = createLogger(config.log)

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

function readConfig(): Config {
  try {
    return createConfig(readEnv())
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
