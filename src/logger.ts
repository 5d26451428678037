import { type DestinationStream, type Logger, pino } from 'pino'

export interface LogConfig {
  readonly level: string
  readonly format: 'json' | 'pretty'
}

/** Secrets never reach the log, wherever an object that holds them is logged. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'headers.authorization',
  'authorization',
  'password',
  'token',
  '*.password',
  '*.token',
]

export function createLogger(config: LogConfig, destination?: DestinationStream): Logger {
  const options = { level: config.level, redact: REDACTED }
  if (destination !== undefined) return pino(options, destination)
  if (config.format === 'json') return pino(options)
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname,reqId', singleLine: true },
    },
  })
}
